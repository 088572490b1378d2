//! Where webhooks may go: never to what only our own network reaches.
//!
//! A name says nothing about where it leads, today or tomorrow. So literal addresses are checked
//! here, and what a name leads to is checked by a [`WebhookDestinations`] when it is saved and again
//! for every connection.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use async_trait::async_trait;
use serde::Serialize;
use url::{Host, Url};

use crate::{Error, Result, message};

/// The longest URL, in bytes.
const URL_MOST: usize = 1000;

/// How far webhooks may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookReach {
    /// `https` to public addresses.
    #[default]
    Public,
    /// Also `http`, and this machine itself: for the development of storefronts.
    Development,
}

impl WebhookReach {
    /// Whether webhooks may be sent to this address.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Development && address.is_loopback())
    }
}

/// A URL that webhooks may be sent to, as far as can be told without asking a name server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// Reads one. Refused are other schemes than the reach allows, a user name or password, a
    /// fragment, and addresses that the reach excludes, in whatever spelling.
    pub fn parse(text: &str, reach: WebhookReach) -> Result<Self> {
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
            ("https", _) | ("http", WebhookReach::Development) => {}
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

/// Whether an address is one of the public Internet's: by the special-purpose registries of IANA
/// (RFC 6890), and without what clouds answer under public addresses of their own.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Blocks of IPv4 that aren't public, as address and length of the prefix.
const V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    // Carrier-grade NAT, and Alibaba's metadata.
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // Link-local, and most clouds' metadata.
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    // Protocol assignments, and Oracle's metadata.
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Azure's metadata and name server.
    ([168, 63, 129, 16], 32),
    // Multicast, reserved, broadcast.
    ([224, 0, 0, 0], 3),
];

/// Blocks of the global unicast range of IPv6 that aren't public.
const V6: &[([u16; 2], u32)] = &[
    // Protocol assignments, Teredo among them.
    ([0x2001, 0x0000], 23),
    ([0x2001, 0x0db8], 32),
    // 6to4: leads to the IPv4 address in it.
    ([0x2002, 0x0000], 16),
    ([0x3fff, 0x0000], 20),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !V4.iter().any(|(block, length)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == Ipv4Addr::from(*block).to_bits() & mask
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // What is outside of 2000::/3 is loopback, link-local, unique-local, multicast, or IPv4 in
    // another form (mapped, NAT64): reached as IPv4, or not at all.
    let [first, second, ..] = address.segments();
    let top = u32::from(first) << 16 | u32::from(second);
    top >> 29 == 1
        && !V6.iter().any(|([one, two], length)| {
            let mask = u32::MAX << (32 - length);
            top & mask == (u32::from(*one) << 16 | u32::from(*two)) & mask
        })
}

#[cfg(test)]
mod tests;
