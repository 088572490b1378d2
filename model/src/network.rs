//! Networks and addresses.

use std::net::IpAddr;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::Serialize;

use crate::{AddressId, NetworkId, SiteId, TenantId, Timestamp, VirtualMachineId, states::states};

states! {
    /// IPv4 or IPv6.
    pub enum AddressFamily {
        /// IPv4.
        Ipv4 = "IPV4",
        /// IPv6.
        Ipv6 = "IPV6",
    }
}

/// A layer-2 network of a site. libvirt knows it by its name on every machine of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// In which site.
    pub site_id: SiteId,
    /// libvirt's name for it.
    pub name: String,
    /// IPv4 prefix.
    pub ipv4: Option<Ipv4Net>,
    /// IPv4 router.
    pub ipv4_gateway: Option<IpAddr>,
    /// IPv6 prefix.
    pub ipv6: Option<Ipv6Net>,
    /// IPv6 router.
    pub ipv6_gateway: Option<IpAddr>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An address of a network: free, or a virtual machine's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// The holder's tenant; the platform's while it is free.
    pub tenant_id: TenantId,
    /// Of which network.
    pub network_id: NetworkId,
    /// The address.
    pub address: IpAddr,
    /// The holder.
    pub virtual_machine_id: Option<VirtualMachineId>,
    /// Quarantine: not given out before.
    pub free_after: Option<Timestamp>,
}

/// What `networkCreate` takes. At least one family is given; first and last bound the addresses that
/// guests get: 65,536 at most for each family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkCreate {
    /// In which site.
    pub site_id: SiteId,
    /// libvirt's name for it on every machine.
    pub name: String,
    /// IPv4 part.
    pub ipv4: Option<NetworkRange<Ipv4Net>>,
    /// IPv6 part.
    pub ipv6: Option<NetworkRange<Ipv6Net>>,
}

/// One family of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkRange<Net> {
    /// The prefix.
    pub cidr: Net,
    /// The router, in the prefix.
    pub gateway: Option<IpAddr>,
    /// The first address for guests, in the prefix.
    pub first: IpAddr,
    /// The last address for guests, in the prefix.
    pub last: IpAddr,
}
