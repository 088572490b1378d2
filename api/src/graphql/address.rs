//! Addresses of networks.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{AddressFamily, Timestamp};

use super::{
    network::Network,
    noun::{find, global, noun},
    scalars::IpAddress,
    states::State,
};

noun!(Address, AddressId);

/// An address of a network that a virtual machine holds.
#[Object]
impl Address {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// The address.
    async fn address(&self) -> IpAddress {
        IpAddress::of(self.0.address)
    }

    /// IPv4 or IPv6.
    async fn family(&self) -> State<AddressFamily> {
        State(if self.0.address.is_ipv4() {
            AddressFamily::Ipv4
        } else {
            AddressFamily::Ipv6
        })
    }

    /// Its network. For the provider.
    async fn network(&self, ctx: &Context<'_>) -> Result<Option<Network>> {
        find(ctx, self.0.network_id).await
    }

    /// While it is in quarantine: not given out again before.
    async fn free_after(&self) -> Option<Timestamp> {
        self.0.free_after
    }
}
