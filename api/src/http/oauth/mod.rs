//! OAuth 2.1 for clients: tokens by client credentials (RFC 6749 sections 2.3, 4.4 and 5), their
//! revocation (RFC 7009) and introspection (RFC 7662), and what can be read about all of it (RFC
//! 8414).

mod credentials;
mod denied;
mod introspect;
mod metadata;
mod revoke;
mod token;

use axum::{
    Json, Router,
    body::Body,
    http::{
        HeaderMap, HeaderValue,
        header::{CACHE_CONTROL, PRAGMA},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use berth_model::Client;
use serde_json::Value;

use self::{credentials::Form, denied::Denied};
use super::ws::Connections;
use crate::gate::Gate;

/// Where the endpoints are, below the API's public URL.
const TOKEN: &str = "/oauth/token";
const REVOKE: &str = "/oauth/revoke";
const INTROSPECT: &str = "/oauth/introspect";
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// What clients that run in browsers use too.
pub(super) fn router() -> Router<Connections> {
    Router::new()
        .route(TOKEN, post(token::token))
        .route(REVOKE, post(revoke::revoke))
        .route(METADATA, get(metadata::metadata))
}

/// What only servers use.
pub(super) fn introspection() -> Router<Connections> {
    Router::new().route(INTROSPECT, post(introspect::introspect))
}

/// The form of a request and the client that its credentials are of.
async fn authenticated(
    gate: &Gate,
    headers: &HeaderMap,
    content: Body,
) -> Result<(Form, Client), Denied> {
    let mut form = Form::read(headers, content).await?;
    let client = credentials::client(gate, headers, &mut form).await?;
    Ok((form, client))
}

/// An answer that nobody may keep (RFC 6749 section 5.1).
fn answer(result: Result<Value, Denied>) -> Response {
    let mut response = match result {
        Ok(body) => Json(body).into_response(),
        Err(denied) => denied.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
