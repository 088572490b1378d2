//! Where a storefront's browser code may run.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use crate::{Error, Result, https_url::has_plain_host, message};

/// The most bytes of one: a scheme, a host name and a port.
const LENGTH: usize = 300;

/// An origin as browsers name it in the header `Origin` (RFC 6454 section 6.2): `https`, or `http` on
/// this machine itself, with a host and at most a port. It is compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebOrigin(String);

impl WebOrigin {
    /// As browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebOrigin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let url = Url::parse(text).map_err(|_| refused())?;
        let good = match (url.scheme(), url.host()) {
            ("https", Some(_)) => has_plain_host(&url),
            ("http", Some(Host::Domain(name))) => name == "localhost",
            ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
            ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
            _ => false,
        };
        let written = url.origin().ascii_serialization();
        if !good || text.len() > LENGTH {
            return Err(refused());
        }
        if text != written {
            let message = message!("Write the origin as browsers do: {written}.", written);
            return Err(Error::invalid("corsOrigins", message));
        }
        Ok(Self(written))
    }
}

fn refused() -> Error {
    Error::invalid(
        "corsOrigins",
        "Give an origin without a path, such as https://shop.example.org; for trying things out also \
         http://localhost:5173.",
    )
}

impl TryFrom<String> for WebOrigin {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<WebOrigin> for String {
    fn from(origin: WebOrigin) -> Self {
        origin.0
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_browsers_name_is_taken() {
        for text in [
            "https://shop.example.org",
            "https://shop.example.org:8443",
            "https://xn--br-mia.example",
            "https://192.0.2.1",
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "http://[::1]",
        ] {
            assert_eq!(text.parse::<WebOrigin>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "https://*",
            "https://*.example.org",
            "shop.example.org",
            "http://shop.example.org",
            "http://localhost.example.org",
            "http://192.0.2.1",
            "https://shop.example.org/",
            "https://shop.example.org/callback",
            "https://shop.example.org?a",
            "https://shop.example.org#a",
            "https://anna@shop.example.org",
            "https://anna:secret@shop.example.org",
            "https://Shop.example.org",
            "https://shop.example.org:443",
            "https://bär.example",
            "ftp://shop.example.org",
            "file:///etc/passwd",
            "data:text/html,a",
            " https://shop.example.org",
        ] {
            let error = text.parse::<WebOrigin>().unwrap_err();
            assert_eq!(error.field(), Some("corsOrigins"), "{text}");
        }
        let told = "https://Shop.example.org:443/".parse::<WebOrigin>();
        let told = told.unwrap_err().message().to_owned();
        assert!(told.contains(" https://shop.example.org."), "{told}");
    }

    proptest! {
        #[test]
        fn an_origin_is_its_own_origin(text in "https?://[a-z0-9.:@/?#*-]{1,30}") {
            if let Ok(origin) = text.parse::<WebOrigin>() {
                let url = Url::parse(origin.as_str()).unwrap();
                prop_assert_eq!(url.origin().ascii_serialization(), text);
            }
        }
    }
}
