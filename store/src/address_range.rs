//! Which addresses a new network gives to guests: from the first to the last, less those that a
//! guest can't have (the router's, the prefix's own and, in IPv4, the broadcast address).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use berth_model::{Error, Message, NetworkCreate, Result, message};
use ipnet::IpNet;

/// The most addresses of one family of a network.
const MOST: u128 = 65_536;

/// The addresses of all families; each error names the argument.
pub(crate) fn hosts(input: &NetworkCreate) -> Result<Vec<IpAddr>> {
    let mut hosts = Vec::new();
    if let Some(range) = &input.ipv4 {
        let bounds = Bounds {
            net: range.cidr.trunc().into(),
            first: range.first,
            last: range.last,
        };
        hosts.extend(family_hosts("ipv4", &bounds, range.gateway)?);
    }
    if let Some(range) = &input.ipv6 {
        let bounds = Bounds {
            net: range.cidr.trunc().into(),
            first: range.first,
            last: range.last,
        };
        hosts.extend(family_hosts("ipv6", &bounds, range.gateway)?);
    }
    if input.ipv4.is_none() && input.ipv6.is_none() {
        return Err(Error::invalid(
            "ipv4",
            "Give an IPv4 part, an IPv6 part, or both.",
        ));
    }
    Ok(hosts)
}

struct Bounds {
    net: IpNet,
    first: IpAddr,
    last: IpAddr,
}

fn family_hosts(family: &str, bounds: &Bounds, gateway: Option<IpAddr>) -> Result<Vec<IpAddr>> {
    let Bounds { net, first, last } = bounds;
    let wrong =
        |part: &str, message: Message| Err(Error::invalid(&format!("{family}.{part}"), message));
    let given = [
        ("first", Some(*first)),
        ("last", Some(*last)),
        ("gateway", gateway),
    ];
    for (part, address) in given {
        // `contains` is false for an address of the other family.
        if address.is_some_and(|address| !net.contains(&address)) {
            return wrong(part, message!("Give an address in {net}.", net));
        }
    }
    let (from, to) = (number(*first), number(*last));
    if from > to {
        return wrong("last", "The last address comes before the first.".into());
    }
    if to - from >= MOST {
        return wrong(
            "last",
            message!("Give at most {most} addresses.", most = MOST),
        );
    }
    let taken = |host: &IpAddr| {
        Some(*host) == gateway
            || *host == net.network()
            || (host.is_ipv4() && *host == net.broadcast())
    };
    let hosts: Vec<IpAddr> = (from..=to)
        .map(|number| address(number, first.is_ipv4()))
        .filter(|host| !taken(host))
        .collect();
    if hosts.is_empty() {
        return wrong("last", "No address is left for a guest.".into());
    }
    Ok(hosts)
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

fn address(number: u128, ipv4: bool) -> IpAddr {
    match u32::try_from(number) {
        Ok(small) if ipv4 => Ipv4Addr::from(small).into(),
        _ => Ipv6Addr::from(number).into(),
    }
}

#[cfg(test)]
mod tests {
    use berth_model::{NetworkRange, SiteId};

    use super::*;

    fn network(cidr: &str, gateway: &str, first: &str, last: &str) -> NetworkCreate {
        let mut input = NetworkCreate {
            site_id: SiteId(uuid::Uuid::nil()),
            name: "net".to_owned(),
            ipv4: None,
            ipv6: None,
        };
        let gateway = Some(gateway.parse().unwrap());
        let (first, last) = (first.parse().unwrap(), last.parse().unwrap());
        match cidr.parse().unwrap() {
            IpNet::V4(cidr) => {
                input.ipv4 = Some(NetworkRange {
                    cidr,
                    gateway,
                    first,
                    last,
                })
            }
            IpNet::V6(cidr) => {
                input.ipv6 = Some(NetworkRange {
                    cidr,
                    gateway,
                    first,
                    last,
                })
            }
        }
        input
    }

    #[test]
    fn what_a_guest_cant_have_is_left_out() {
        let input = network("10.0.0.0/29", "10.0.0.1", "10.0.0.0", "10.0.0.7");
        let shown: Vec<String> = hosts(&input)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            shown,
            ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]
        );
        let input = network("fd00::/64", "fd00::1", "fd00::", "fd00::2");
        assert_eq!(
            hosts(&input).unwrap(),
            ["fd00::2".parse::<IpAddr>().unwrap()]
        );
    }

    #[test]
    fn each_mistake_names_its_argument() {
        for (first, last, field) in [
            ("10.0.1.1", "10.0.0.7", "ipv4.first"),
            ("fd00::1", "10.0.0.7", "ipv4.first"),
            ("10.0.0.2", "10.0.0.8", "ipv4.last"),
            ("10.0.0.3", "10.0.0.2", "ipv4.last"),
            ("10.0.0.1", "10.0.0.1", "ipv4.last"),
        ] {
            let error = hosts(&network("10.0.0.0/29", "10.0.0.1", first, last)).unwrap_err();
            assert_eq!(error.field(), Some(field), "{first} to {last}");
        }
        let error = hosts(&network("fd00::/64", "fe80::1", "fd00::2", "fd00::3")).unwrap_err();
        assert_eq!(error.field(), Some("ipv6.gateway"));
        let error = hosts(&network("fd00::/64", "fd00::1", "fd00::2", "fd00::2:0")).unwrap_err();
        assert_eq!(error.field(), Some("ipv6.last"));
    }
}
