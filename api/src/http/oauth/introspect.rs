//! Introspection (RFC 7662): for the provider's own services, which are handed Berth's tokens.

use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use berth_model::{Caller, Client, ClientFor, Realm, ViewerKind};
use berth_store::TokenInfo;
use serde_json::{Value, json};

use super::{Connections, Denied, Gate, answer, authenticated};

/// `POST /oauth/introspect`
pub(super) async fn introspect(
    State(connections): State<Connections>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    answer(tell(&connections.gate, &headers, content).await)
}

async fn tell(gate: &Gate, headers: &HeaderMap, content: Body) -> Result<Value, Denied> {
    let (form, client) = authenticated(gate, headers, content).await?;
    let token = form.need("token")?;
    let found = gate.state.store.token_info(token).await?;
    let known = found.filter(|info| may_know(&client, info));
    let url = &gate.state.config.public_url;
    Ok(known.map_or_else(|| json!({ "active": false }), |info| active(url, &info)))
}

/// The provider may know of every token, and each client of its own. A token that is another's is
/// told like one that isn't there (section 4).
fn may_know(client: &Client, info: &TokenInfo) -> bool {
    client.acts_for == ClientFor::PROVIDER || client.id == info.client.id
}

/// Section 2.2, and whom it acts for.
fn active(issuer: &str, info: &TokenInfo) -> Value {
    let client = &info.client;
    let subject = match info.person {
        Some(person) => person.account_id.to_string(),
        None => client.id.to_string(),
    };
    let mut told = json!({
        "active": true,
        "iss": issuer,
        "client_id": client.id.to_string(),
        "sub": subject,
        "scope": info.scopes.to_string(),
        "token_type": "Bearer",
        "iat": info.created_at.timestamp(),
        "exp": info.expires_at.timestamp(),
        "kind": ViewerKind::of(&info.caller()),
    });
    match info.caller() {
        Caller::Platform(_) | Caller::Worker(_) => {}
        Caller::Storefront(id) | Caller::Visitor(id) | Caller::Account(_, Realm(Some(id))) => {
            told["storefront_id"] = json!(id.to_string());
        }
        Caller::Account(_, Realm(None)) => {}
        Caller::Tenant(id, role) => {
            told["tenant_id"] = json!(id.to_string());
            told["role"] = json!(role);
        }
    }
    told
}
