//! Where an authorisation server may send people back to.

use std::{fmt, net::IpAddr, str::FromStr};

use url::{Host, Url};

use crate::{Error, Result};

/// The most bytes of one.
const LENGTH: usize = 500;

/// A redirect URI of a client: `https`, or `http` on this machine's loopback address (RFC 8252
/// section 7.3), or a scheme of an app's own with a dot in it (section 7.1). Without a fragment, a
/// user name or a password.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may name `asked` for this one: letter by letter the same (RFC 9700 section
    /// 4.1.3). Apps on somebody's own machine listen on whatever port is free, so that is the one
    /// thing that may differ, at a loopback address and nowhere else.
    #[must_use]
    pub fn admits(&self, asked: &str) -> bool {
        self.0 == asked || without_port(&self.0).is_some_and(|own| Some(own) == without_port(asked))
    }

    /// What a page's `form-action` must allow for a browser to get there: an origin, or an app's own
    /// scheme.
    #[must_use]
    pub fn source(asked: &str) -> Option<String> {
        let url = Url::parse(asked).ok()?;
        Some(match url.scheme() {
            "https" | "http" => url.origin().ascii_serialization(),
            scheme => format!("{scheme}:"),
        })
    }
}

/// An `http` URL of a loopback address, the port taken out of its own text.
fn without_port(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let address = match url.host()? {
        Host::Ipv4(address) => IpAddr::from(address),
        Host::Ipv6(address) => IpAddr::from(address),
        Host::Domain(_) => return None,
    };
    let host = url.host_str()?;
    // Only what is written as it is read: nothing hides in another spelling of the same address.
    let rest = text.strip_prefix("http://")?.strip_prefix(host)?;
    let digits = rest.strip_prefix(':').map_or(rest, |rest| {
        rest.trim_start_matches(|letter: char| letter.is_ascii_digit())
    });
    let ends = digits.is_empty() || digits.starts_with(['/', '?']);
    (address.is_loopback() && ends).then(|| format!("http://{host}{digits}"))
}

impl FromStr for RedirectUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let url = Url::parse(text).map_err(|_| refused())?;
        let user = !url.username().is_empty() || url.password().is_some();
        let clean = text.len() <= LENGTH
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !text.contains('\\')
            && url.fragment().is_none()
            && !user;
        let good = match url.scheme() {
            "https" => url.host().is_some(),
            "http" => without_port(text).is_some(),
            scheme => scheme.contains('.'),
        };
        if clean && good {
            Ok(Self(text.to_owned()))
        } else {
            Err(refused())
        }
    }
}

fn refused() -> Error {
    Error::invalid(
        "redirectUris",
        "Give an https URL without a fragment, such as https://shop.example.org/callback; for apps also \
         http://127.0.0.1/… or a scheme of their own such as org.example.app:/callback.",
    )
}

impl TryFrom<String> for RedirectUri {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn good_and_bad_ones() {
        for text in [
            "https://shop.example.org/callback",
            "https://shop.example.org/cb?brand=a",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:8080/cb",
            "http://[::1]:1/cb",
            "org.example.app:/cb",
        ] {
            assert!(text.parse::<RedirectUri>().is_ok(), "{text}");
        }
        for text in [
            "",
            "/cb",
            "http://shop.example.org/cb",
            "http://localhost/cb",
            "http://127.0.0.1.example.org/cb",
            "http://127.0.0.1@example.org/cb",
            "http://2130706433/cb",
            "https://user@shop.example.org/cb",
            "https://shop.example.org/cb#x",
            "https://shop.example.org\\@example.org/cb",
            "https://shop.example.org/c b",
            "https://shop.example.org/cb\n",
            "javascript:alert(1)",
            "data:text/html,x",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(text.parse::<RedirectUri>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_address_may_differ() {
        let admits = |own: &str, asked: &str| own.parse::<RedirectUri>().unwrap().admits(asked);
        let shop = "https://shop.example.org/cb";
        assert!(admits(shop, shop));
        for asked in [
            "https://shop.example.org/cb/",
            "https://shop.example.org/cb?x=1",
            "https://shop.example.org/cb/../evil",
            "https://shop.example.org:443/cb",
            "https://SHOP.example.org/cb",
            "https://shop.example.org.evil.example/cb",
            "http://shop.example.org/cb",
            "https://shop.example.org/cb%00",
        ] {
            assert!(!admits(shop, asked), "{asked}");
        }
        let app = "http://127.0.0.1/cb";
        assert!(admits(app, "http://127.0.0.1:53211/cb"));
        assert!(admits("http://[::1]:1/cb", "http://[::1]:2/cb"));
        for asked in [
            "http://127.0.0.1:53211/other",
            "http://127.0.0.2:53211/cb",
            "http://127.0.0.1:53211@evil.example/cb",
            "https://127.0.0.1:53211/cb",
            "http://127.0.0.1:/cb:1",
            "http://localhost:53211/cb",
        ] {
            assert!(!admits(app, asked), "{asked}");
        }
    }

    proptest! {
        #[test]
        fn a_public_one_admits_itself_alone(asked in "https://shop\\.example\\.org[/:?@a-z0-9.%]{0,12}") {
            let own = "https://shop.example.org/cb";
            prop_assert_eq!(own.parse::<RedirectUri>().unwrap().admits(&asked), own == asked);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<RedirectUri>();
            let _ = without_port(&text);
        }
    }
}
