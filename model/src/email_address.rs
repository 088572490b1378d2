//! E-mail addresses.

use std::{fmt, str::FromStr};

use crate::{DomainName, Error, Result};

/// An address that mail can be sent to: an unquoted local part (RFC 5321 section 4.1.2, 64 octets at
/// most) and a domain name. 254 octets at most.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain, in the form of DNS.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for EmailAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (local, domain) = text.rsplit_once('@').ok_or_else(refused)?;
        let atom =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        let local_is_good = (1..=64).contains(&local.len())
            && local
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(atom));
        let domain: DomainName = domain.parse().map_err(|_| refused())?;
        let address = format!("{local}@{domain}");
        if local_is_good && address.len() <= 254 {
            Ok(Self(address))
        } else {
            Err(refused())
        }
    }
}

fn refused() -> Error {
    Error::invalid(
        "email",
        "This is not an e-mail address. Give one such as anna@example.org.",
    )
}

impl TryFrom<String> for EmailAddress {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn good_and_bad_addresses() {
        for text in ["a@b.example", "a.b+c@Bücher.example"] {
            assert!(text.parse::<EmailAddress>().is_ok(), "{text}");
        }
        for text in [
            "",
            "a",
            "@b.example",
            "a@",
            "a..b@c.example",
            "a b@c.example",
            "a\r\n@c.example",
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }
}
