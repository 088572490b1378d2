//! Which browser code of others may read what we answer (CORS, the Fetch standard section 3.3).
//!
//! What the storefronts said, letter by letter, never `*`. A preflight comes without a token, so it is
//! answered for the origins of all storefronts; so is what OAuth's endpoints and access tokens give, as
//! whoever has a token could use it from anywhere. A public token is good from its own storefront's
//! origins alone. Credentials of browsers, such as cookies, never count: no cookie opens anything here.

use std::{sync::Arc, time::Duration};

use axum::http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
    request::Parts,
};
use berth_store::PUBLIC_TOKEN;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::token::token;
use crate::{error::log, gate::Gate};

/// How long a browser keeps the answer to a preflight: an origin that is taken away is let in no longer.
const PREFLIGHT: Duration = Duration::from_secs(600);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Around the routes that browser code of others may use.
pub(super) fn layer(gate: Arc<Gate>) -> CorsLayer {
    let allowed = AllowOrigin::async_predicate(move |origin: HeaderValue, parts: &Parts| {
        let public_token = token(&parts.headers).filter(|token| token.starts_with(PUBLIC_TOKEN));
        async move { is_allowed(&gate, &origin, public_token.as_deref()).await }
    });
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            ACCEPT,
            ACCEPT_LANGUAGE,
            AUTHORIZATION,
            CONTENT_TYPE,
            REQUEST_ID,
        ])
        .expose_headers([RETRY_AFTER, REQUEST_ID])
        .max_age(PREFLIGHT)
}

async fn is_allowed(gate: &Gate, origin: &HeaderValue, public_token: Option<&str>) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let store = &gate.state.store;
    let known = store.storefront_has_origin(origin, public_token).await;
    known.unwrap_or_else(|error| {
        log(&error);
        false
    })
}
