//! The form that a client sends, and its credentials: by HTTP Basic or in the form (RFC 6749 section
//! 2.3.1).
//!
//! Wrong credentials are counted for each client id, and from a certain number on answered with 429
//! instead of 401. Credentials are looked at before that count, so a stranger who sends wrong ones
//! keeps nobody out; and the store gives authentications only a part of its connections, so that he
//! doesn't use them up either. A secret is 256 random bits: there is nothing to guess meanwhile.

use std::collections::HashMap;

use axum::{
    body::Body,
    http::{HeaderMap, header::AUTHORIZATION},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use berth_model::{Client, ErrorCode};

use super::denied::Denied;
use crate::{
    gate::Gate,
    http::{accept::is_type, body::body},
    limits::BucketKey,
};

/// The longest body, in bytes: an id, a secret, a token and a few words.
const BODY_BYTES: usize = 16 * 1024;

/// The parameters of a request.
pub(super) struct Form(HashMap<String, String>);

impl Form {
    /// Reads it. A parameter may come once (section 3.2).
    pub async fn read(headers: &HeaderMap, content: Body) -> Result<Self, Denied> {
        if !is_type(headers, "application/x-www-form-urlencoded") {
            return Err(Denied::request(
                "Send the request as application/x-www-form-urlencoded.",
            ));
        }
        let bytes = body(content, BODY_BYTES)
            .await
            .map_err(|error| Denied::too_large(error.message()))?;
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(&bytes) {
            let before = parameters.insert(name.clone().into_owned(), value.into_owned());
            if before.is_some() {
                let text = format!("The parameter {name} comes twice.");
                return Err(Denied::request(&text));
            }
        }
        Ok(Self(parameters))
    }

    /// A parameter. One without a value counts as left out (section 3.2).
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        (!value.is_empty()).then_some(value)
    }

    /// A parameter that must be there.
    pub fn need(&self, name: &str) -> Result<&str, Denied> {
        self.get(name)
            .ok_or_else(|| Denied::request(&format!("{name} is missing.")))
    }
}

/// What a client calls itself.
struct Credentials {
    client_id: String,
    /// None: a public client, which can keep none (section 2.1).
    secret: Option<String>,
}

/// The client that the request's credentials are of.
pub(super) async fn client(
    gate: &Gate,
    headers: &HeaderMap,
    form: &mut Form,
) -> Result<Client, Denied> {
    let given = credentials(headers, form)?;
    let store = &gate.state.store;
    let found = match &given.secret {
        Some(secret) => store.client_authenticate(&given.client_id, secret).await,
        None => store.client_public(&given.client_id).await,
    };
    found.map_err(|error| {
        let wrong = error.code() == ErrorCode::Unauthenticated;
        match wrong.then(|| failure_count(gate, &given.client_id)) {
            Some(Err(denied)) => denied,
            _ => error.into(),
        }
    })
}

/// Counts wrong credentials; an error when they were too many.
fn failure_count(gate: &Gate, client_id: &str) -> Result<(), Denied> {
    let key = BucketKey::Failure(client_id.parse().ok());
    let bucket = [(key, gate.limits().failure_bucket)];
    gate.buckets.take(&bucket, 1).map_err(|seconds| {
        let text = "Too many requests with a wrong client id or secret. Set the right ones.";
        Denied::slow_down(text, seconds)
    })?;
    Ok(())
}

/// In the header or in the form, not in both (section 2.3).
fn credentials(headers: &HeaderMap, form: &mut Form) -> Result<Credentials, Denied> {
    let in_form = (form.0.remove("client_id"), form.0.remove("client_secret"));
    match (basic(headers)?, in_form) {
        (Some(given), (None, None)) => Ok(given),
        // Section 3.2.1 lets the id come again beside the header.
        (Some(given), (Some(client_id), None)) if client_id == given.client_id => Ok(given),
        (Some(_), _) => Err(Denied::request(
            "Give the credentials in the header or in the body.",
        )),
        (None, (Some(client_id), secret)) => Ok(Credentials { client_id, secret }),
        (None, (None, _)) => Err(Denied::client(
            "Give client_id and client_secret, by HTTP Basic or in the body.",
        )),
    }
}

/// Credentials of HTTP Basic; each half is form-encoded first (section 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<Credentials>, Denied> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let wrong = || {
        Denied::client("The Authorization header is not HTTP Basic with a client id and a secret.")
    };
    let text = header.to_str().map_err(|_| wrong())?;
    let (scheme, encoded) = text.split_once(' ').ok_or_else(wrong)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(wrong());
    }
    let pair = STANDARD.decode(encoded.trim()).map_err(|_| wrong())?;
    let pair = String::from_utf8(pair).map_err(|_| wrong())?;
    let (client_id, secret) = pair.split_once(':').ok_or_else(wrong)?;
    Ok(Some(Credentials {
        client_id: decoded(client_id),
        secret: Some(decoded(secret)),
    }))
}

fn decoded(text: &str) -> String {
    // A text without `=` is a name alone.
    form_urlencoded::parse(text.replace('=', "%3D").replace('&', "%26").as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}
