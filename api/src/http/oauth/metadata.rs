//! What a client can find out by itself (RFC 8414 section 2).

use axum::{Json, extract::State};
use berth_model::{TokenScope, TokenScopes};
use serde_json::{Value, json};

use super::{Connections, INTROSPECT, REVOKE, TOKEN, token::GRANTS};

/// How clients authenticate at every endpoint.
const METHODS: &[&str] = &["client_secret_basic", "client_secret_post"];

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn metadata(State(connections): State<Connections>) -> Json<Value> {
    let url = &connections.gate.state.config.public_url;
    let scopes: Vec<_> = TokenScopes::all().iter().map(TokenScope::word).collect();
    Json(json!({
        "issuer": url,
        "token_endpoint": format!("{url}{TOKEN}"),
        "token_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint": format!("{url}{REVOKE}"),
        "revocation_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint": format!("{url}{INTROSPECT}"),
        "introspection_endpoint_auth_methods_supported": METHODS,
        "scopes_supported": scopes,
        "grant_types_supported": GRANTS,
        "response_types_supported": [],
    }))
}
