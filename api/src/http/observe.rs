//! Around every request: its id, its line in the access log, and what becomes of a panic.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderValue, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use berth_model::{Error, Locale};
use futures::FutureExt;
use serde_json::json;
use tracing::Instrument;

use super::accept::language;
use crate::{gate::Gate, label::Label};

/// The header with a request's id.
const HEADER: &str = "x-request-id";

/// The id of this request: the caller's own, if it is a plain word, else a new one.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub String);

/// What an answer tells the access log about its operation.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    /// Its names.
    pub label: Label,
    /// The code it ended with.
    pub outcome: &'static str,
}

pub(crate) async fn observe(
    State(gate): State<Arc<Gate>>,
    mut request: Request,
    next: Next,
) -> Response {
    let given = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok());
    let id = match given {
        Some(id) if is_plain(id) => id.to_owned(),
        _ => gate.state.ids.uuid().simple().to_string(),
    };
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request_id = id);
    let started = Instant::now();
    let locale = language(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let work = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .instrument(span.clone());
    let mut response = work.await.unwrap_or_else(|_| panicked(locale));
    let _entered = span.enter();
    let status = response.status().as_u16();
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answered = response.extensions().get::<Answered>();
    let label = answered.map(|answered| &answered.label);
    tracing::info!(
        %method, path, status, millis,
        operation_type = label.map(|label| label.operation_type),
        operation_name = label.and_then(|label| label.operation_name.as_deref()),
        root_field = label.map(|label| label.root_field.as_ref()),
        outcome = answered.map(|answered| answered.outcome),
        "answered"
    );
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn panicked(locale: Locale) -> Response {
    tracing::error!("a handler panicked");
    let error = Error::internal("a handler panicked");
    let body = json!({ "errors": [{
        "message": error.text(locale),
        "extensions": { "code": error.code().as_str() },
    }] });
    (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
}
