// The tabs that a first visit finds: who am I, what can be ordered, and an order followed live.

const me = `# Sign in above, then press the play button.
# The book on the left explains everything.
query Me {
  viewer {
    kind
    role
    tenant {
      id
      name
    }
    storefront {
      id
      name
    }
  }
}
`;

const offer = `query Offer {
  applications(first: 10) {
    nodes {
      name
      summary
      versions(last: 1) {
        nodes {
          id
          version
        }
      }
    }
  }
  plans(first: 10) {
    nodes {
      id
      name
      price {
        minor
        currency
      }
    }
  }
}
`;

const follow = `# Work as it goes on. Mutations that take
# time answer with their operation: its id here.
subscription Follow {
  operationUpdated(id: "opr_…") {
    number
    kind
    step
    percent
    message
  }
}
`;

export const examples = [me, offer, follow].map((query) => ({ query }));
