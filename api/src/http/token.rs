//! The access token in a header (RFC 6750 section 2.1). Never in a URL.

use std::sync::Arc;

use axum::http::{HeaderMap, header::AUTHORIZATION};

/// The token, if there is one.
pub(crate) fn token(headers: &HeaderMap) -> Option<Arc<str>> {
    bearer(headers.get(AUTHORIZATION)?.to_str().ok()?)
}

/// The token after the word `Bearer`.
pub(crate) fn bearer(text: &str) -> Option<Arc<str>> {
    let (scheme, token) = text.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.into())
}
