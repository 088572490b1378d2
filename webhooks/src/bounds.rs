//! Where webhooks may go: the model's reach, without what the provider denies.

use std::net::IpAddr;

use berth_model::{Error, Result, WebhookReach, WebhookUrl};
use ipnet::IpNet;

/// Where webhooks may go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// How far.
    pub reach: WebhookReach,
    /// Addresses within the reach that nothing is sent to, such as the provider's own.
    pub denied: Vec<IpNet>,
}

impl From<WebhookReach> for Bounds {
    fn from(reach: WebhookReach) -> Self {
        let denied = Vec::new();
        Self { reach, denied }
    }
}

impl Bounds {
    /// Whether webhooks may be sent to this address.
    pub(crate) fn allow(&self, address: IpAddr) -> bool {
        self.reach.allows(address) && !self.deny(address)
    }

    /// Reads a URL; an address in it must be one that webhooks may be sent to.
    pub(crate) fn parse(&self, text: &str) -> Result<WebhookUrl> {
        let url = WebhookUrl::parse(text, self.reach)?;
        match url.address() {
            Some(address) if self.deny(address) => Err(denied()),
            _ => Ok(url),
        }
    }

    fn deny(&self, address: IpAddr) -> bool {
        // An IPv4 address is denied in its IPv6 form too.
        let address = address.to_canonical();
        self.denied.iter().any(|range| range.contains(&address))
    }
}

/// The error for a URL that leads to an address which the provider denies.
pub(crate) fn denied() -> Error {
    let message = "It leads to an address that the provider keeps webhooks from. Give another.";
    Error::invalid("url", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_is_taken_from_what_is_public() {
        let bounds = Bounds {
            reach: WebhookReach::Public,
            denied: vec![
                "93.184.215.0/24".parse().unwrap(),
                "2606:4700::/32".parse().unwrap(),
            ],
        };
        for (address, good) in [
            ("93.184.214.255", true),
            ("93.184.215.14", false),
            ("2606:4700::6810:84e5", false),
            ("2606:4701::1", true),
            ("10.0.0.1", false),
            ("::ffff:93.184.214.255", false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(bounds.allow(address), good, "{address}");
            let url = match address {
                IpAddr::V4(address) => format!("https://{address}/x"),
                IpAddr::V6(address) => format!("https://[{address}]/x"),
            };
            assert_eq!(bounds.parse(&url).is_ok(), good, "{url}");
        }
    }
}
