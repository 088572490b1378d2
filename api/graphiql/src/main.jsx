// GraphiQL over this server's own GraphQL: queries by HTTP, subscriptions by graphql-transport-ws.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

import "graphiql/style.css";
import "./main.css";
import { SignIn } from "./sign_in.jsx";
import { authorization } from "./token.js";

const url = new URL("graphql", document.baseURI);
const wsUrl = new URL("graphql/ws", document.baseURI);
wsUrl.protocol = wsUrl.protocol === "https:" ? "wss:" : "ws:";

const welcome = `# Sign in above, then press the play button.
query Me {
  viewer { kind role tenant { id name } storefront { id name } }
}
`;

function makeFetcher() {
  return createGraphiQLFetcher({
    url: url.href,
    fetch: (target, init) => {
      const headers = new Headers(init.headers);
      const header = authorization();
      if (header && !headers.has("authorization")) headers.set("authorization", header);
      return fetch(target, { ...init, headers });
    },
    wsClient: createClient({
      url: wsUrl.href,
      lazy: true,
      connectionParams: () => ({ authorization: authorization() }),
    }),
  });
}

function App() {
  // A new token gets a new fetcher, so that the schema is asked for again.
  const [round, setRound] = useState(0);
  const fetcher = useMemo(makeFetcher, [round]);
  return (
    <>
      <SignIn onToken={() => setRound(round + 1)} />
      <main>
        <GraphiQL key={round} fetcher={fetcher} defaultQuery={welcome} shouldPersistHeaders={false} />
      </main>
    </>
  );
}

createRoot(document.getElementById("root")).render(<App />);
