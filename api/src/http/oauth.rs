//! OAuth 2.1's token endpoint with client credentials (RFC 6749 sections 2.3, 4.4 and 5), and what
//! can be read about it (RFC 8414).
//!
//! Wrong credentials are counted for each client id, and from a certain number on answered with 429
//! instead of 401. Credentials are looked at before that count, so a stranger who sends wrong ones
//! keeps nobody out; and the store gives authentications only a part of its connections, so that he
//! doesn't use them up either. A secret is 256 random bits: there is nothing to guess meanwhile.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use berth_model::{Error, ErrorCode};
use serde_json::{Value, json};

use super::{accept::is_type, body::body, ws::Connections};
use crate::{error::log, gate::Gate, limits::BucketKey};

/// The longest body, in bytes: an id, a secret and a few words.
const BODY_BYTES: usize = 16 * 1024;

/// A refusal as RFC 6749 section 5.2 wants it.
struct Denied {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after_seconds: Option<i64>,
}

impl Denied {
    fn request(description: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_request",
            description: description.to_owned(),
            retry_after_seconds: None,
        }
    }

    /// Too many requests. The code is RFC 8628's (section 3.5): RFC 6749 has none.
    fn slow_down(description: &str, seconds: i64) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            error: "slow_down",
            retry_after_seconds: Some(seconds),
            ..Self::request(description)
        }
    }
}

/// What a client sent.
struct Asked {
    client_id: String,
    secret: String,
}

pub(crate) async fn token(
    State(connections): State<Connections>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    let (status, body, retry_after) = match issue(&connections.gate, &headers, content).await {
        Ok(body) => (StatusCode::OK, body, None),
        Err(denied) => {
            let body = json!({ "error": denied.error, "error_description": denied.description });
            (denied.status, body, denied.retry_after_seconds)
        }
    };
    let mut response = (status, Json(body)).into_response();
    let answer = response.headers_mut();
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if status == StatusCode::UNAUTHORIZED {
        answer.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"berth\""),
        );
    }
    if let Some(seconds) = retry_after {
        answer.insert(RETRY_AFTER, seconds.into());
    }
    response
}

pub(crate) async fn metadata(State(connections): State<Connections>) -> Json<Value> {
    let url = &connections.gate.state.config.public_url;
    Json(json!({
        "issuer": url,
        "token_endpoint": format!("{url}/oauth/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
    }))
}

async fn issue(gate: &Gate, headers: &HeaderMap, content: Body) -> Result<Value, Denied> {
    if !is_type(headers, "application/x-www-form-urlencoded") {
        return Err(Denied::request(
            "Send the request as application/x-www-form-urlencoded.",
        ));
    }
    let bytes = body(content, BODY_BYTES).await.map_err(|error| Denied {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        ..Denied::request(error.message())
    })?;
    let asked = asked(headers, &bytes)?;
    let store = &gate.state.store;
    let client = store
        .client_authenticate(&asked.client_id, &asked.secret)
        .await
        .map_err(|error| failed(gate, &asked.client_id, error))?;
    let bucket = [(BucketKey::Issue(client.id), gate.limits().issue_bucket)];
    gate.buckets.take(&bucket, 1).map_err(|seconds| {
        let text = "Too many tokens. Use the one you have until it expires.";
        Denied::slow_down(text, seconds)
    })?;
    let (token, expires_at) = store.token_issue(&client).await.map_err(denied)?;
    let seconds = (expires_at - gate.state.clock.now()).num_seconds();
    Ok(json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds }))
}

/// Credentials that could not be checked, or are wrong; the latter once too often.
fn failed(gate: &Gate, client_id: &str, error: Error) -> Denied {
    if error.code() == ErrorCode::Unauthenticated {
        let key = BucketKey::Failure(client_id.parse().ok());
        let bucket = [(key, gate.limits().failure_bucket)];
        if let Err(seconds) = gate.buckets.take(&bucket, 1) {
            let text = "Too many requests with a wrong client id or secret. Set the right ones.";
            return Denied::slow_down(text, seconds);
        }
    }
    denied(error)
}

fn denied(error: Error) -> Denied {
    log(&error);
    let description = error.message().to_owned();
    let (status, error) = match error.code() {
        ErrorCode::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
        ErrorCode::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        _ => (StatusCode::UNAUTHORIZED, "invalid_client"),
    };
    Denied {
        status,
        error,
        description,
        retry_after_seconds: None,
    }
}

/// Reads grant and credentials. Parameters may come once (section 3.2); credentials in the header
/// or in the body, not in both (section 2.3).
fn asked(headers: &HeaderMap, bytes: &[u8]) -> Result<Asked, Denied> {
    let mut parameters = std::collections::HashMap::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if parameters
            .insert(name.clone().into_owned(), value.into_owned())
            .is_some()
        {
            return Err(Denied::request(&format!(
                "The parameter {name} comes twice."
            )));
        }
    }
    match parameters.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        None | Some("") => return Err(Denied::request("grant_type is missing.")),
        Some(_) => {
            return Err(Denied {
                error: "unsupported_grant_type",
                ..Denied::request("Only client_credentials is supported.")
            });
        }
    }
    if parameters
        .get("scope")
        .is_some_and(|scope| !scope.is_empty())
    {
        return Err(Denied {
            error: "invalid_scope",
            ..Denied::request("There are no scopes: what a client may do is set with it.")
        });
    }
    let in_body = (
        parameters.remove("client_id"),
        parameters.remove("client_secret"),
    );
    match (basic(headers)?, in_body) {
        (Some(asked), (None, None)) => Ok(asked),
        // RFC 6749 section 3.2.1 lets the id come again beside the header.
        (Some(asked), (Some(client_id), None)) if client_id == asked.client_id => Ok(asked),
        (Some(_), _) => Err(Denied::request(
            "Give the credentials in the header or in the body.",
        )),
        (None, (Some(client_id), Some(secret))) => Ok(Asked { client_id, secret }),
        (None, _) => Err(Denied {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            ..Denied::request("Give client_id and client_secret, by HTTP Basic or in the body.")
        }),
    }
}

/// Credentials of HTTP Basic; each half is form-encoded first (section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<Asked>, Denied> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let wrong = || Denied {
        status: StatusCode::UNAUTHORIZED,
        error: "invalid_client",
        ..Denied::request(
            "The Authorization header is not HTTP Basic with a client id and a secret.",
        )
    };
    let text = header.to_str().map_err(|_| wrong())?;
    let (scheme, encoded) = text.split_once(' ').ok_or_else(wrong)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(wrong());
    }
    let pair = STANDARD.decode(encoded.trim()).map_err(|_| wrong())?;
    let pair = String::from_utf8(pair).map_err(|_| wrong())?;
    let (client_id, secret) = pair.split_once(':').ok_or_else(wrong)?;
    Ok(Some(Asked {
        client_id: decoded(client_id),
        secret: decoded(secret),
    }))
}

fn decoded(text: &str) -> String {
    // A text without `=` is a name alone.
    form_urlencoded::parse(text.replace('=', "%3D").replace('&', "%26").as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}
