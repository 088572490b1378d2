//! The token endpoint.

use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use berth_store::IssuedToken;
use serde_json::{Value, json};

use super::{Connections, Denied, Gate, answer, authenticated, credentials::Form};
use crate::limits::BucketKey;

/// The grants that it knows.
pub(super) const GRANTS: &[&str] = &["authorization_code", "client_credentials", "refresh_token"];

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
    let grant = grant_check(&form)?;
    let asked = form.get("scope").map(str::parse).transpose()?;
    let bucket = [(BucketKey::Issue(client.id), gate.limits().issue_bucket)];
    gate.buckets.take(&bucket, 1).map_err(|seconds| {
        let text = "Too many tokens. Use the one you have until it expires.";
        Denied::slow_down(text, seconds)
    })?;
    let store = &gate.state.store;
    match grant {
        "authorization_code" => {
            let (code, uri) = (form.need("code")?, form.need("redirect_uri")?);
            let verifier = form.need("code_verifier")?;
            let issued = store.grant_redeem(&client, code, uri, verifier).await?;
            Ok(told(gate, &issued.access, Some(&issued.refresh)))
        }
        "refresh_token" => {
            let token = form.need("refresh_token")?;
            let issued = store.token_refresh(&client, token, asked).await?;
            Ok(told(gate, &issued.access, Some(&issued.refresh)))
        }
        _ if client.is_public => {
            let text = "A public client does nothing in its own name. Use authorization_code.";
            Err(Denied::of("unauthorized_client", text))
        }
        _ => Ok(told(gate, &store.token_issue(&client, asked).await?, None)),
    }
}

/// Section 5.1.
fn told(gate: &Gate, issued: &IssuedToken, refresh: Option<&str>) -> Value {
    let seconds = (issued.expires_at - gate.state.clock.now()).num_seconds();
    let mut told = json!({
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": issued.scopes.to_string(),
    });
    if let Some(refresh) = refresh {
        told["refresh_token"] = json!(refresh);
    }
    told
}

fn grant_check(form: &Form) -> Result<&str, Denied> {
    let grant = form.need("grant_type")?;
    if GRANTS.contains(&grant) {
        return Ok(grant);
    }
    let text = format!("These grants are supported: {}.", GRANTS.join(", "));
    Err(Denied::of("unsupported_grant_type", &text))
}
