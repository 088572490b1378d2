//! Addresses of pages and pictures that others show in a brand's name.

use std::{fmt, str::FromStr};

use url::{Host, Url};

use crate::{Error, Result, message};

/// The most bytes of one.
const LENGTH: usize = 500;

/// An `https` URL without a user name and a password, written as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(into = "String")]
pub struct HttpsUrl(String);

impl HttpsUrl {
    /// As browsers write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HttpsUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let url = Url::parse(text).map_err(|_| refused())?;
        let plain = url.username().is_empty() && url.password().is_none();
        let written = String::from(url.clone());
        if url.scheme() == "https" && has_plain_host(&url) && plain && written.len() <= LENGTH {
            Ok(Self(written))
        } else {
            Err(refused())
        }
    }
}

/// Whether the host is an address, or a name of letters, digits, hyphens and dots. URLs allow more, such
/// as a semicolon or an asterisk, which would mean something else in a header.
pub(crate) fn has_plain_host(url: &Url) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    match url.host() {
        Some(Host::Domain(name)) => name.bytes().all(plain),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

fn refused() -> Error {
    Error::invalid(
        "url",
        message!(
            "Give an https URL of at most {most} characters, such as https://shop.example.org/logo.png.",
            most = LENGTH
        ),
    )
}

impl From<HttpsUrl> for String {
    fn from(url: HttpsUrl) -> Self {
        url.0
    }
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_written_as_browsers_do() {
        for (given, written) in [
            (
                "https://shop.example.org/logo.png",
                "https://shop.example.org/logo.png",
            ),
            ("HTTPS://Shop.Example.org", "https://shop.example.org/"),
            (
                "https://bär.example/ä b",
                "https://xn--br-via.example/%C3%A4%20b",
            ),
        ] {
            assert_eq!(given.parse::<HttpsUrl>().unwrap().as_str(), written);
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("https://shop.example.org/{}", "a".repeat(LENGTH));
        for text in [
            "",
            "shop.example.org",
            "http://shop.example.org",
            "javascript:alert(1)",
            "data:image/png;base64,AA==",
            "https://",
            "https://anna@shop.example.org/",
            "https://:secret@shop.example.org/",
            "https://shop.example.org;script-src/",
            "https://*.example.org/",
            &long,
        ] {
            assert!(text.parse::<HttpsUrl>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_in_it_leaves_an_attribute_or_a_header(text in "https://\\PC{1,40}") {
            if let Ok(url) = text.parse::<HttpsUrl>() {
                prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'));
                prop_assert_eq!(url.as_str().parse::<HttpsUrl>().unwrap(), url);
            }
        }
    }
}
