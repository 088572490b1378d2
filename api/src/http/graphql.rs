//! `POST /graphql`. Queries by GET are refused: they would put what they ask for into logs and
//! caches.

use std::time::Instant;

use async_graphql::{Request as GraphqlRequest, Response as Answer, parser::types::OperationType};
use axum::{
    body::Body,
    extract::{Extension, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use berth_model::{Error, ErrorCode, Result};
use serde_json::Value;

use super::{
    accept::{MediaType, is_type},
    body::body,
    measure::{kind_name, measure},
    observe::RequestId,
    token::token,
    ws::Connections,
};
use crate::{
    error::{Refusal, log, outcome},
    gate::{Gate, Origin},
};

pub(crate) async fn graphql(
    State(connections): State<Connections>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    content: Body,
) -> Response {
    let started = Instant::now();
    let Some(media) = MediaType::accepted(&headers) else {
        let error = Error::new(
            ErrorCode::InvalidInput,
            "Accept application/json or application/graphql-response+json.",
        );
        return answer(StatusCode::NOT_ACCEPTABLE, MediaType::Json, &refused(error));
    };
    let origin = Origin {
        token: token(&headers),
        request_id,
    };
    let (kind, status, response) = run(&connections.gate, &headers, content, &origin).await;
    measure(kind, outcome(&response), started);
    let status = if media == MediaType::GraphqlResponse || status != StatusCode::BAD_REQUEST {
        status
    } else {
        // Well-formed JSON that isn't a good request of GraphQL.
        StatusCode::OK
    };
    answer(status, media, &response)
}

async fn run(
    gate: &Gate,
    headers: &HeaderMap,
    content: Body,
    origin: &Origin,
) -> (&'static str, StatusCode, Answer) {
    if !is_type(headers, "application/json") {
        let error = Error::new(
            ErrorCode::InvalidInput,
            "Send the request as application/json.",
        );
        return ("none", StatusCode::UNSUPPORTED_MEDIA_TYPE, refused(error));
    }
    let bytes = match body(content, gate.limits().body_bytes).await {
        Ok(bytes) => bytes,
        Err(error) => return ("none", StatusCode::PAYLOAD_TOO_LARGE, refused(error)),
    };
    let admitted = match read(&bytes) {
        Ok(request) => gate.admit(request, origin).await,
        Err(error) => Err(error.into()),
    };
    match admitted {
        Err(refusal) => {
            log(&refusal.error);
            ("none", status_of(refusal.error.code()), refusal.response())
        }
        Ok(admitted) if admitted.kind == OperationType::Subscription => {
            let error = Error::new(
                ErrorCode::InvalidInput,
                "Subscribe by WebSocket: graphql-transport-ws on /graphql/ws.",
            );
            ("subscription", StatusCode::BAD_REQUEST, refused(error))
        }
        Ok(admitted) => {
            let kind = kind_name(admitted.kind);
            let response = gate.run(admitted).await;
            // Without data nothing ran: the document didn't fit the schema.
            let nothing = response.is_err() && response.data == async_graphql::Value::Null;
            let status = if nothing {
                StatusCode::BAD_REQUEST
            } else {
                StatusCode::OK
            };
            (kind, status, response)
        }
    }
}

/// One request: a JSON object (GraphQL over HTTP, section 5.1). A batch would dodge every limit.
fn read(bytes: &[u8]) -> Result<GraphqlRequest> {
    let wrong = |message: &str| Error::new(ErrorCode::InvalidInput, message);
    let parsed: Value = serde_json::from_slice(bytes)
        .map_err(|cause| wrong("The body is not JSON.").because(cause))?;
    match parsed {
        Value::Array(_) => Err(Error::new(
            ErrorCode::LimitExceeded,
            "Send one request at a time: batches are not taken.",
        )),
        Value::Object(ref fields) if fields.get("query").is_some_and(Value::is_string) => {
            serde_json::from_value(parsed)
                .map_err(|cause| wrong("variables must be an object.").because(cause))
        }
        _ => Err(wrong(
            "Send a JSON object with query, and variables if it has some.",
        )),
    }
}

fn refused(error: Error) -> Answer {
    Refusal::from(error).response()
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
    let text = serde_json::to_vec(response).unwrap_or_default();
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
        async_graphql::Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}
