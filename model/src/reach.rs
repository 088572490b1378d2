//! What the whole Internet reaches, and what only our own network does.
//!
//! Where others say where a request goes, it goes to public addresses alone: else they could look
//! through our eyes at what stands beside us.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far requests to strangers' hosts may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// `https` to public addresses.
    #[default]
    Public,
    /// Also `http`, and this machine itself: for the development of storefronts, and for trying things out.
    Development,
}

impl Reach {
    /// Whether such a request may go to this address.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        is_public(address) || (self == Self::Development && address.is_loopback())
    }
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
