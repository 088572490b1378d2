//! Routes.

mod accept;
mod body;
mod cors;
mod graphiql;
mod graphql;
mod measure;
mod oauth;
mod observe;
mod proxy;
mod source;
mod token;
mod ws;

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

pub use measure::metrics_describe;

use crate::gate::Gate;

/// Every route.
pub(crate) fn router(gate: Arc<Gate>) -> Router {
    let pages = berth_pages::router(gate.state.pages());
    Router::new()
        .route("/graphql", post(graphql::graphql))
        .merge(oauth::router())
        // Around what is above alone.
        .layer(cors::layer(Arc::clone(&gate)))
        .route("/graphql/ws", get(ws::upgrade))
        .route("/graphiql", get(graphiql::page))
        .route("/graphiql/{*file}", get(graphiql::file))
        .merge(oauth::introspection())
        .with_state(ws::Connections::over(Arc::clone(&gate)))
        .merge(pages)
        .layer(from_fn_with_state(Arc::clone(&gate), proxy::client))
        .layer(from_fn_with_state(gate, observe::observe))
}
