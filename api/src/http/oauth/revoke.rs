//! Revocation (RFC 7009).

use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::{Connections, Denied, Gate, answer, authenticated};

/// `POST /oauth/revoke`. `token_type_hint` needs no look: what a token is shows its first letters.
pub(super) async fn revoke(
    State(connections): State<Connections>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    answer(end(&connections.gate, &headers, content).await)
}

async fn end(gate: &Gate, headers: &HeaderMap, content: Body) -> Result<Value, Denied> {
    let (form, client) = authenticated(gate, headers, content).await?;
    let token = form.need("token")?;
    gate.state.store.token_revoke(&client, token).await?;
    Ok(json!({}))
}
