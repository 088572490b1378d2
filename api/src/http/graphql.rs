//! `POST /graphql`. Queries by GET are refused: they would put what they ask for into logs and
//! caches.

use std::{collections::BTreeMap, time::Instant};

use async_graphql::{
    Request as GraphqlRequest, Response as Answer, ServerError, Value as GraphqlValue,
    parser::types::OperationType,
};
use axum::{
    body::Body,
    extract::{Extension, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use berth_model::{Error, ErrorCode, Locale, Result};
use serde::Serialize;
use serde_json::Value;

use super::{
    accept::{MediaType, is_type, language},
    body::body,
    measure::measure,
    observe::{Answered, RequestId},
    source::Source,
    token::token,
    ws::Connections,
};
use crate::{
    error::{Refusal, log, outcome},
    gate::{Gate, Origin},
    label::Label,
};

pub(crate) async fn graphql(
    State(connections): State<Connections>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    source: Source,
    headers: HeaderMap,
    content: Body,
) -> Response {
    let started = Instant::now();
    let locale = language(&headers);
    let Some(media) = MediaType::accepted(&headers) else {
        let error = Error::new(
            ErrorCode::InvalidInput,
            "Accept application/json or application/graphql-response+json.",
        );
        let refused = refused(error, locale);
        return answer(StatusCode::NOT_ACCEPTABLE, MediaType::Json, &refused);
    };
    let origin = Origin {
        token: token(&headers),
        request_id,
        remote: source.remote,
        user_agent: source.user_agent,
        locale: source.locale,
    };
    let (label, status, response) = run(&connections.gate, &headers, content, &origin, media).await;
    let outcome = outcome(&response);
    measure(&label, outcome, started);
    let mut answer = answer(status, media, &response);
    answer.extensions_mut().insert(Answered { label, outcome });
    answer
}

async fn run(
    gate: &Gate,
    headers: &HeaderMap,
    content: Body,
    origin: &Origin,
    media: MediaType,
) -> (Label, StatusCode, Answer) {
    let unread = |status, error| {
        (
            Label::refused(None),
            status,
            refused(error, origin.language()),
        )
    };
    if !is_type(headers, "application/json") {
        let error = Error::new(
            ErrorCode::InvalidInput,
            "Send the request as application/json.",
        );
        return unread(StatusCode::UNSUPPORTED_MEDIA_TYPE, error);
    }
    let bytes = match body(content, gate.limits().body_bytes).await {
        Ok(bytes) => bytes,
        Err(error) => return unread(StatusCode::PAYLOAD_TOO_LARGE, error),
    };
    let request = match read(&bytes) {
        Ok(request) => request,
        Err(error) => return unread(StatusCode::BAD_REQUEST, error),
    };
    let (label, status, response) = carry_out(gate, request, origin).await;
    let status = match (media, status) {
        // It is a request of GraphQL, only none that can be carried out (GraphQL over HTTP, section
        // 6.4.1).
        (MediaType::Json, StatusCode::BAD_REQUEST) => StatusCode::OK,
        (_, status) => status,
    };
    (label, status, response)
}

async fn carry_out(
    gate: &Gate,
    request: GraphqlRequest,
    origin: &Origin,
) -> (Label, StatusCode, Answer) {
    let name = request.operation_name.clone();
    match gate.admit(request, origin).await {
        Err(refusal) => {
            log(&refusal.error);
            let label = Label::refused(name.as_deref());
            let status = status_of(refusal.error.code());
            (label, status, refusal.response(origin.language()))
        }
        Ok(admitted) if admitted.kind == OperationType::Subscription => {
            let error = Error::new(
                ErrorCode::InvalidInput,
                "Subscribe by WebSocket: graphql-transport-ws on /graphql/ws.",
            );
            let refused = refused(error, origin.language());
            (admitted.label, StatusCode::BAD_REQUEST, refused)
        }
        Ok(admitted) => {
            let label = admitted.label.clone();
            let response = gate.run(admitted).await;
            let status = if has_run(&response) {
                StatusCode::OK
            } else {
                StatusCode::BAD_REQUEST
            };
            (label, status, response)
        }
    }
}

/// One request: a JSON object (GraphQL over HTTP, section 5.1). A batch would dodge every limit.
fn read(bytes: &[u8]) -> Result<GraphqlRequest> {
    let wrong = |message: &'static str| Error::new(ErrorCode::InvalidInput, message);
    let parsed: Value = serde_json::from_slice(bytes)
        .map_err(|cause| wrong("The body is not JSON.").because(cause))?;
    match parsed {
        Value::Array(_) => Err(Error::new(
            ErrorCode::LimitExceeded,
            "Send one request at a time: batches are not taken.",
        )),
        Value::Object(ref fields) if fields.get("query").is_some_and(Value::is_string) => {
            serde_json::from_value(parsed)
                .map_err(|cause| wrong("Give variables as an object.").because(cause))
        }
        _ => Err(wrong(
            "Send a JSON object with query, and variables if it has some.",
        )),
    }
}

/// Whether something was carried out, and be it in vain: errors before that have no path.
fn has_run(response: &Answer) -> bool {
    let data = response.data != GraphqlValue::Null;
    data || response.errors.iter().any(|error| !error.path.is_empty())
}

/// An answer as it is written: without data that nothing looked for (GraphQL October 2021, section
/// 7.1).
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a GraphqlValue>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, GraphqlValue>,
}

fn refused(error: Error, locale: Locale) -> Answer {
    Refusal::from(error).response(locale)
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Throttled => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn answer(status: StatusCode, media: MediaType, response: &Answer) -> Response {
    let written = Written {
        data: has_run(response).then_some(&response.data),
        errors: &response.errors,
        extensions: &response.extensions,
    };
    let text = serde_json::to_vec(&written).unwrap_or_default();
    let mut answer = (status, text).into_response();
    let headers = answer.headers_mut();
    let media = format!("{}; charset=utf-8", media.name());
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_str(&media).expect("a fixed ASCII name"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"berth\""),
        );
    }
    if let Some(seconds) = retry_after(response) {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    answer
}

fn retry_after(response: &Answer) -> Option<u64> {
    let extensions = response.errors.first()?.extensions.as_ref()?;
    match extensions.get("retryAfterSeconds")? {
        GraphqlValue::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}
