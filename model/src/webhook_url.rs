//! Where webhooks may go: never to what only our own network reaches.
//!
//! A name says nothing about where it leads, today or tomorrow. So literal addresses are checked
//! here, and what a name leads to is checked by a [`WebhookDestinations`] when it is saved and again
//! for every connection.

use std::{fmt, net::IpAddr};

use async_trait::async_trait;
use serde::Serialize;
use url::{Host, Url};

use crate::{Error, Reach, Result, message};

/// The longest URL, in bytes.
const URL_MOST: usize = 1000;

/// A URL that webhooks may be sent to, as far as can be told without asking a name server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// Reads one. Refused are other schemes than the reach allows, a user name or password, a
    /// fragment, and addresses that the reach excludes, in whatever spelling.
    pub fn parse(text: &str, reach: Reach) -> Result<Self> {
        let wrong = |message: &'static str| Error::invalid("url", message);
        let too_long = || {
            let most = URL_MOST;
            Error::invalid(
                "url",
                message!("Give a URL of {most} characters at most.", most),
            )
        };
        if text.len() > URL_MOST {
            return Err(too_long());
        }
        let url = Url::parse(text)
            .map_err(|_| wrong("Give a URL such as https://shop.example.org/berth."))?;
        // Reading it can make it longer: a letter beyond ASCII becomes six.
        if url.as_str().len() > URL_MOST {
            return Err(too_long());
        }
        match (url.scheme(), reach) {
            ("https", _) | ("http", Reach::Development) => {}
            _ => return Err(wrong("Give a URL that begins with https://.")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "Give a URL without user name and password. Each delivery is signed: check that.",
            ));
        }
        if url.fragment().is_some() {
            return Err(wrong(
                "Give a URL without a fragment (#…): it is never sent.",
            ));
        }
        if !url.has_host() {
            return Err(wrong("Give a URL with a host."));
        }
        if literal(&url).is_some_and(|address| !reach.allows(address)) {
            return Err(Self::refusal());
        }
        // As it was read: the one that is connected to.
        Ok(Self(url.into()))
    }

    /// The error for a URL that leads to an address which is not public.
    #[must_use]
    pub fn refusal() -> Error {
        Error::invalid(
            "url",
            "It leads to an address that is not public. Give one that the whole Internet reaches.",
        )
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, if it is an address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        literal(&Url::parse(&self.0).ok()?)
    }

    /// The host's name and the port, if it isn't an address itself.
    #[must_use]
    pub fn name(&self) -> Option<(String, u16)> {
        let url = Url::parse(&self.0).ok()?;
        match url.host()? {
            Host::Domain(name) => Some((name.to_owned(), url.port_or_known_default()?)),
            Host::Ipv4(_) | Host::Ipv6(_) => None,
        }
    }
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain(_) => None,
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The port to what knows where names lead, with a time limit of its own.
#[async_trait]
pub trait WebhookDestinations: Send + Sync {
    /// Reads a URL and looks where it leads now; the error names the argument `url`.
    async fn check(&self, url: &str) -> Result<WebhookUrl>;
}

#[cfg(test)]
mod tests;
