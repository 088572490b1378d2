//! Domain names, as an application federates under them.

use std::{fmt, str::FromStr};

use crate::{Error, Result};

/// A host name that can be registered below a top-level domain: ASCII (A-labels of IDNA, UTS 46),
/// lower case, without a final dot, two labels at least, 253 octets at most (RFC 1035 section 2.3.4).
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// The ASCII form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DomainName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::STD3)
            .map_err(|_| refused(
                "The domain name has a character that domain names can't have. Give one such as example.org.",
            ))?;
        check(&ascii)?;
        Ok(Self(ascii.into_owned()))
    }
}

fn check(ascii: &str) -> Result<()> {
    if ascii.len() > 253 {
        return Err(refused(
            "The domain name is longer than 253 characters. Give one such as example.org.",
        ));
    }
    let labels: Vec<&str> = ascii.split('.').collect();
    if labels.len() < 2 {
        return Err(refused(
            "The domain name needs a dot, as in example.org. Give one such as example.org.",
        ));
    }
    for label in &labels {
        if label.is_empty() || label.len() > 63 {
            return Err(refused(
                "The domain name has a part that is empty or longer than 63 characters. Give one such as example.org.",
            ));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(refused(
                "The domain name has a part that begins or ends with a hyphen. Give one such as example.org.",
            ));
        }
    }
    // An all-numeric last label would make it an IPv4 address to half of the world's parsers.
    if labels
        .last()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(refused(
            "The domain name ends in a number. Give one such as example.org.",
        ));
    }
    Ok(())
}

fn refused(message: &'static str) -> Error {
    Error::invalid("domainName", message)
}

impl TryFrom<String> for DomainName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::DomainName;

    #[test]
    fn names_are_normalised() {
        let name = |text: &str| text.parse::<DomainName>().unwrap().to_string();
        assert_eq!(name("Example.ORG."), "example.org");
        assert_eq!(name("bücher.example"), "xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("{}.org", "a".repeat(64));
        for text in [
            "", "org", "a..b", "-a.org", "a-.org", "a b.org", "a_b.org", "10.0.0.1", &long,
        ] {
            assert!(text.parse::<DomainName>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_parsed_name_parses_to_itself(text in "\\PC{0,80}") {
            if let Ok(name) = text.parse::<DomainName>() {
                prop_assert_eq!(name.as_str().parse::<DomainName>().unwrap(), name);
            }
        }
    }
}
