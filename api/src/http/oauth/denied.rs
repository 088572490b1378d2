//! Refusals as RFC 6749 section 5.2 wants them.

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use berth_model::{Error, ErrorCode, oauth_text};
use serde_json::json;

use crate::error::log;

/// Why an endpoint gives nothing.
pub(super) struct Denied {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after_seconds: Option<i64>,
}

impl Denied {
    /// A request that is not well formed.
    pub fn request(description: &str) -> Self {
        Self::of("invalid_request", description)
    }

    /// The request is well formed, and this is wrong with it.
    pub fn of(error: &'static str, description: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description: oauth_text(description),
            retry_after_seconds: None,
        }
    }

    /// A body over the limit.
    pub fn too_large(description: &str) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Self::request(description)
        }
    }

    /// Credentials that are missing, unreadable or wrong.
    pub fn client(description: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            ..Self::of("invalid_client", description)
        }
    }

    /// Too many requests. The code is RFC 8628's (section 3.5): RFC 6749 has none.
    pub fn slow_down(description: &str, seconds: i64) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after_seconds: Some(seconds),
            ..Self::of("slow_down", description)
        }
    }
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        log(&error);
        let text = error.message();
        match error.code() {
            ErrorCode::Unauthenticated => Self::client(text),
            ErrorCode::InvalidInput if error.field() == Some("scope") => {
                Self::of("invalid_scope", text)
            }
            // Section 5.2, which also counts here what "was issued to another client".
            ErrorCode::WrongCode | ErrorCode::Forbidden => Self::of("invalid_grant", text),
            ErrorCode::Unavailable => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                ..Self::of("temporarily_unavailable", text)
            },
            _ => Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                ..Self::of("server_error", text)
            },
        }
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        // RFC 9110 section 15.5.2 wants a challenge with every 401.
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"berth\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
