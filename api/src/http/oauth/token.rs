//! The token endpoint.

use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::{Connections, Denied, Gate, answer, authenticated, credentials::Form};
use crate::limits::BucketKey;

/// The grants that it knows.
pub(super) const GRANTS: &[&str] = &["client_credentials"];

/// `POST /oauth/token`
pub(super) async fn token(
    State(connections): State<Connections>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    answer(issue(&connections.gate, &headers, content).await)
}

async fn issue(gate: &Gate, headers: &HeaderMap, content: Body) -> Result<Value, Denied> {
    let (form, client) = authenticated(gate, headers, content).await?;
    grant_check(&form)?;
    let asked = form.get("scope").map(str::parse).transpose()?;
    let bucket = [(BucketKey::Issue(client.id), gate.limits().issue_bucket)];
    gate.buckets.take(&bucket, 1).map_err(|seconds| {
        let text = "Too many tokens. Use the one you have until it expires.";
        Denied::slow_down(text, seconds)
    })?;
    let issued = gate.state.store.token_issue(&client, asked).await?;
    let seconds = (issued.expires_at - gate.state.clock.now()).num_seconds();
    Ok(json!({
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": issued.scopes.to_string(),
    }))
}

fn grant_check(form: &Form) -> Result<(), Denied> {
    let grant = form.need("grant_type")?;
    if GRANTS.contains(&grant) {
        return Ok(());
    }
    let text = format!("These grants are supported: {}.", GRANTS.join(", "));
    Err(Denied::of("unsupported_grant_type", &text))
}
