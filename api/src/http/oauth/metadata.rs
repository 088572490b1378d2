//! What a client can find out by itself (RFC 8414 section 2).

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use berth_model::{Locale, TokenScope, TokenScopes};
use berth_pages::AUTHORIZE;
use serde_json::{Value, json};

use super::{Connections, Denied, INTROSPECT, REVOKE, TOKEN, token::GRANTS};

/// How clients authenticate at every endpoint.
const METHODS: &[&str] = &["client_secret_basic", "client_secret_post", "none"];

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn metadata(
    State(connections): State<Connections>,
    headers: HeaderMap,
) -> Response {
    // Each storefront with a host of its own is an authorisation server of its own.
    let issuer = berth_pages::issuer(&connections.gate.state.pages(), &headers).await;
    match issuer {
        Ok(issuer) => Json(described(&issuer)).into_response(),
        Err(error) => Denied::from(error).into_response(),
    }
}

fn described(url: &str) -> Value {
    let scopes: Vec<_> = TokenScopes::all().iter().map(TokenScope::word).collect();
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}{AUTHORIZE}"),
        "authorization_response_iss_parameter_supported": true,
        "code_challenge_methods_supported": ["S256"],
        "response_modes_supported": ["query"],
        "ui_locales_supported": Locale::ALL.iter().map(|locale| locale.tag()).collect::<Vec<_>>(),
        "token_endpoint": format!("{url}{TOKEN}"),
        "token_endpoint_auth_methods_supported": METHODS,
        "revocation_endpoint": format!("{url}{REVOKE}"),
        "revocation_endpoint_auth_methods_supported": METHODS,
        "introspection_endpoint": format!("{url}{INTROSPECT}"),
        "introspection_endpoint_auth_methods_supported": METHODS,
        "scopes_supported": scopes,
        "grant_types_supported": GRANTS,
        "response_types_supported": ["code"],
    })
}
