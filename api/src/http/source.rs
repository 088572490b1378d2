//! Where a request comes from, as the audit log tells it, and what its reader speaks.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{
        header::{ACCEPT_LANGUAGE, USER_AGENT},
        request::Parts,
    },
};
use berth_model::Locale;

/// How many characters of a program's name are kept.
const USER_AGENT_MOST: usize = 200;

/// The other end, and what its program calls itself.
#[derive(Clone)]
pub(crate) struct Source {
    /// The address.
    pub remote: Option<IpAddr>,
    /// The header `User-Agent` (RFC 9110 section 10.1.5), at most 200 characters of it.
    pub user_agent: Option<String>,
    /// The language that its reader likes best of those that we have (RFC 9110 section 12.5.4).
    pub locale: Option<Locale>,
}

impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let named = parts.headers.get(USER_AGENT);
        let languages = parts.headers.get(ACCEPT_LANGUAGE);
        Ok(Self {
            remote: connected.map(|ConnectInfo(other)| other.ip().to_canonical()),
            user_agent: named.map(|name| {
                let text = String::from_utf8_lossy(name.as_bytes());
                text.chars().take(USER_AGENT_MOST).collect()
            }),
            locale: languages.and_then(|value| Locale::accepted(value.to_str().ok()?)),
        })
    }
}
