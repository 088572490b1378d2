//! Where requests may go: the model's reach, without what the provider denies.

use std::net::IpAddr;

use berth_model::Reach;
use ipnet::IpNet;

/// Where requests may go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// How far.
    pub reach: Reach,
    /// Addresses within the reach that nothing is sent to, such as the provider's own.
    pub denied: Vec<IpNet>,
}

/// Why an address may not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// It is not public.
    NotPublic,
    /// It is public, and the provider keeps requests from it.
    Denied,
}

impl From<Reach> for Bounds {
    fn from(reach: Reach) -> Self {
        let denied = Vec::new();
        Self { reach, denied }
    }
}

impl Bounds {
    /// Whether requests may go to this address.
    pub fn check(&self, address: IpAddr) -> Result<(), Outside> {
        if !self.reach.allows(address) {
            return Err(Outside::NotPublic);
        }
        // An IPv4 address is denied in its IPv6 form too.
        let address = address.to_canonical();
        match self.denied.iter().any(|range| range.contains(&address)) {
            true => Err(Outside::Denied),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_is_taken_from_what_is_public() {
        let bounds = Bounds {
            reach: Reach::Public,
            denied: vec![
                "93.184.215.0/24".parse().unwrap(),
                "2606:4700::/32".parse().unwrap(),
            ],
        };
        for (address, outside) in [
            ("93.184.214.255", None),
            ("93.184.215.14", Some(Outside::Denied)),
            ("2606:4700::6810:84e5", Some(Outside::Denied)),
            ("2606:4701::1", None),
            ("10.0.0.1", Some(Outside::NotPublic)),
            ("::ffff:93.184.214.255", Some(Outside::NotPublic)),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(bounds.check(address).err(), outside, "{address}");
        }
    }
}
