//! The one way to the schema, in the order of its costs: the document's shape first, which needs no
//! database, then the token, then the cost, and last the resolvers.

use std::{net::IpAddr, sync::Arc};

use async_graphql::{
    Name, Request as GraphqlRequest, Response,
    dataloader::DataLoader,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
    },
};
use berth_model::{Actor, Caller, Error, ErrorCode, Locale, Result, message};
use berth_store::Cx;
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::OnceCell;

use crate::{
    ApiState,
    charge::Charge,
    config::Limits,
    context::Request,
    error::Refusal,
    execution::{answer, answers},
    graphql::{Loaders, Schema, schema, sdl},
    label::Label,
    limits::{Buckets, Cost, Types, nesting_check, shape_check},
    selected::Selected,
};

/// The schema and what guards it.
pub(crate) struct Gate {
    /// What the API was given.
    pub state: ApiState,
    /// Buckets of cost, and of the token endpoint.
    pub buckets: Buckets,
    schema: Schema,
    types: Types,
}

/// What comes with a request.
pub(crate) struct Origin {
    /// The access token.
    pub token: Option<Arc<str>>,
    /// For logs and the audit log.
    pub request_id: String,
    /// The address that it came from.
    pub remote: Option<IpAddr>,
    /// What the caller's program calls itself.
    pub user_agent: Option<String>,
    /// The language that its reader likes best, if it says.
    pub locale: Option<Locale>,
}

impl Origin {
    /// The language of sentences that tell what is wrong.
    pub fn language(&self) -> Locale {
        self.locale.unwrap_or(Locale::En)
    }
}

/// A request that somebody asks, with the operation of its document and the language of its reader.
struct Asked {
    request: GraphqlRequest,
    document: ExecutableDocument,
    operation: OperationDefinition,
    label: Label,
    locale: Option<Locale>,
}

/// A request that may run.
pub(crate) struct Admitted {
    request: GraphqlRequest,
    charge: Charge,
    selected: Selected,
    locale: Locale,
    /// What kind of operation it is.
    pub kind: OperationType,
    /// What it is called in logs and metrics.
    pub label: Label,
}

impl Gate {
    /// Builds the schema.
    pub fn new(state: ApiState) -> Self {
        let buckets = Buckets::new(Arc::clone(&state.clock), state.config.limits.buckets);
        Self {
            buckets,
            schema: schema(),
            types: Types::read(&sdl()),
            state,
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.state.config.limits
    }

    /// Lets a request in, or says why not.
    pub async fn admit(&self, request: GraphqlRequest, from: &Origin) -> Result<Admitted, Refusal> {
        let document = parse(&request.query, self.limits())?;
        let (name, operation) = operation(&document, request.operation_name.as_deref())?;
        let label = Label::of(&self.types, &document, operation, name);
        let operation = operation.clone();
        let (actor, token) = self.authenticate(from.token.as_ref()).await?;
        let asked = Asked {
            request,
            document,
            operation,
            label,
            locale: from.locale.or(actor.locale),
        };
        let locale = asked.locale;
        self.charged(asked, from, actor, token)
            .map_err(|refusal| Refusal { locale, ..refusal })
    }

    /// Lets in what is known to be somebody's, if they can pay for it.
    fn charged(
        &self,
        asked: Asked,
        from: &Origin,
        actor: Actor,
        token: Arc<str>,
    ) -> Result<Admitted, Refusal> {
        let Asked {
            mut request,
            document,
            operation,
            label,
            locale,
        } = asked;
        let cost = Cost::of(&self.types, &document, &operation, &request.variables);
        let selected = Selected::of(&self.types, &document, &operation);
        let charged = (token.as_ref(), from.remote);
        let charge = Charge::hold(&self.buckets, self.limits(), &actor, charged, cost)?;
        if matches!(actor.caller, Caller::Visitor(_)) && operation.ty != OperationType::Query {
            // Not left to the store, which denies it too: everything that is tried is written down
            // first, and strangers must not fill the audit log.
            return Err(visitors_read_only().into());
        }
        let cx = Cx {
            request_id: Some(from.request_id.clone()),
            remote: from.remote,
            user_agent: from.user_agent.clone(),
            ..Cx::new(actor)
        };
        let loaders = Loaders {
            store: self.state.store.clone(),
            cx: cx.clone(),
        };
        request.set_parsed_query(document);
        let request = request.data(Request {
            cx,
            store: self.state.store.clone(),
            loaders: DataLoader::new(loaders, tokio::spawn),
            feed: self.state.feed.clone(),
            destinations: Arc::clone(&self.state.destinations),
            public_url: self.state.config.public_url.as_str().into(),
            issuers: Arc::clone(&self.state.issuers),
            token,
            limits: *self.limits(),
            locale,
            storefront_locale: OnceCell::new(),
        });
        Ok(Admitted {
            request,
            charge,
            selected,
            locale: locale.unwrap_or(Locale::En),
            kind: operation.ty,
            label,
        })
    }

    /// Runs a query or a mutation.
    pub async fn run(&self, admitted: Admitted) -> Response {
        let work = self.schema.execute(admitted.request);
        let response = answer(work, self.limits().time, admitted.locale).await;
        let mut response = admitted.charge.settle(&self.buckets, response);
        admitted.selected.apply(&mut response);
        response
    }

    /// Runs a subscription: one answer for each event.
    pub fn follow(self: &Arc<Self>, admitted: Admitted) -> BoxStream<'static, Response> {
        let (gate, charge, selected) = (Arc::clone(self), admitted.charge, admitted.selected);
        answers(
            self.schema.execute_stream(admitted.request),
            admitted.locale,
        )
        .map(move |event| {
            let mut event = charge.tell(&gate.buckets, event);
            selected.apply(&mut event);
            event
        })
        .boxed()
    }

    /// Who comes with this token.
    pub async fn authenticate(&self, token: Option<&Arc<str>>) -> Result<(Actor, Arc<str>)> {
        let token = token.ok_or_else(|| {
            Error::new(
                ErrorCode::Unauthenticated,
                "Send an access token: Authorization: Bearer …. POST /oauth/token gives one.",
            )
        })?;
        Ok((
            self.state.store.token_actor(token).await?,
            Arc::clone(token),
        ))
    }
}

/// What a public token doesn't open.
pub(crate) fn visitors_read_only() -> Error {
    Error::new(
        ErrorCode::Forbidden,
        "A public token reads a storefront's catalogue by POST, and nothing else.",
    )
}

fn parse(text: &str, limits: &Limits) -> Result<ExecutableDocument> {
    nesting_check(text)?;
    let document = parse_query(text).map_err(|error| {
        Error::new(
            ErrorCode::InvalidInput,
            message!("Not GraphQL: {error}", error),
        )
    })?;
    shape_check(&document, limits)?;
    Ok(document)
}

/// The operation that will run, and its name (GraphQL October 2021, section 6.1).
fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(Option<&'a str>, &'a OperationDefinition)> {
    let mut named = document.operations.iter();
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(_), Some(_)) => None,
        (_, Some(name)) => named.find(|(known, _)| known.is_some_and(|known| known == name)),
        (_, None) => named.next().filter(|_| named.next().is_none()),
    };
    let found = found.map(|(name, operation)| (name.map(Name::as_str), &operation.node));
    found.ok_or_else(|| {
        Error::invalid(
            "operationName",
            "Give the name of one of the document's operations.",
        )
    })
}
