//! Where a request comes from: behind a reverse proxy its client, and of an address the subscriber.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// The networks of the reverse proxies that are believed when they tell for whom they ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Those of these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether none is believed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose request it is that `peer` brought. `forwarded`: each value of `X-Forwarded-For`, in the
    /// order of the lines.
    ///
    /// Each proxy adds at the right who came to it. So what is there is believed from the right, as long as
    /// those who wrote it are trusted: the first who isn't is the client, whatever it wrote further left. At
    /// what is no address the last that is known counts.
    pub fn client<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut told = forwarded.rev().flat_map(|line| line.rsplit(','));
        while self.trusts(client) {
            let Some(next) = told.next().and_then(address) else {
                break;
            };
            client = next;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it: alone, in brackets, with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let parsed = bare.parse::<IpAddr>();
    let parsed = parsed.or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    parsed.ok().map(|address| address.to_canonical())
}

/// Who is counted when addresses are: of IPv6 the network of 64 bits, since one subscriber has a whole one.
#[must_use]
pub fn subscriber(remote: IpAddr) -> IpAddr {
    match remote.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        let proxies = TrustedProxies::new(networks.to_vec());
        let peer = peer.parse().unwrap();
        proxies.client(peer, forwarded.iter().copied()).to_string()
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_nobody_else() {
        for (peer, forwarded, expected) in [
            ("10.0.0.1", &["203.0.113.7"] as &[&str], "203.0.113.7"),
            ("203.0.113.9", &["203.0.113.7"], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            // Several proxies, in one line and in several.
            ("10.0.0.1", &["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (
                "10.0.0.1",
                &["203.0.113.7", "10.0.0.3,10.0.0.2"],
                "203.0.113.7",
            ),
            // What the client wrote itself is at the left.
            (
                "10.0.0.1",
                &["192.0.2.1, 203.0.113.7, 10.0.0.2"],
                "203.0.113.7",
            ),
            ("10.0.0.1", &["10.9.9.9, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["192.0.2.1", "203.0.113.7"], "203.0.113.7"),
            // One of ours asks for itself.
            ("10.0.0.1", &["10.0.0.5, 10.0.0.2"], "10.0.0.5"),
            // IPv6 in every spelling, and IPv4 in it.
            ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("10.0.0.1", &["203.0.113.7, ::ffff:10.0.0.2"], "203.0.113.7"),
        ] {
            assert_eq!(client(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn at_what_is_no_address_the_last_that_is_known_counts() {
        for garbage in [
            "",
            "unknown",
            "_hidden",
            "203.0.113.7;x",
            "999.1.1.1",
            "[::1",
            ",,",
        ] {
            assert_eq!(client("10.0.0.1", &[garbage]), "10.0.0.1", "{garbage}");
            let behind = format!("203.0.113.7, {garbage}, 10.0.0.2");
            assert_eq!(client("10.0.0.1", &[&behind]), "10.0.0.2", "{garbage}");
            let before = format!("{garbage}, 203.0.113.7");
            assert_eq!(client("10.0.0.1", &[&before]), "203.0.113.7", "{garbage}");
        }
    }

    #[test]
    fn a_subscriber_is_an_address_or_a_whole_network_of_ipv6() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ] {
            assert_eq!(subscriber(address.parse().unwrap()).to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_written_makes_an_untrusted_peer_another(text in ".{0,60}") {
            prop_assert_eq!(client("203.0.113.9", &[&text]), "203.0.113.9");
        }

        #[test]
        fn nothing_left_of_what_a_proxy_wrote_counts(text in ".{0,60}") {
            let line = format!("{text}, 203.0.113.7");
            prop_assert_eq!(client("10.0.0.1", &[&line]), "203.0.113.7");
        }
    }
}
