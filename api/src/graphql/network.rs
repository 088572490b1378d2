//! Networks.

use std::{net::IpAddr, str::FromStr};

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{AddressId, NetworkId, Timestamp};

use super::{
    address::Address,
    input::{id, text_as},
    noun::{get, global, noun},
    page::{Connection, PageArguments, connection},
    payload::{UserError, settle},
    scalars::{Cidr, IpAddress},
    site::Site,
};
use crate::context::{Request, request};

noun!(Network, NetworkId);

/// A layer-2 network of a site. libvirt knows it by its name on every machine of the site.
#[Object]
impl Network {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// In which site.
    async fn site(&self, ctx: &Context<'_>) -> Result<Site> {
        get(ctx, self.0.site_id).await
    }

    /// libvirt's name for it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// IPv4 prefix.
    async fn ipv4(&self) -> Option<Cidr> {
        self.0.ipv4.map(Cidr::of)
    }

    /// IPv4 router.
    async fn ipv4_gateway(&self) -> Option<IpAddress> {
        self.0.ipv4_gateway.map(IpAddress::of)
    }

    /// IPv6 prefix.
    async fn ipv6(&self) -> Option<Cidr> {
        self.0.ipv6.map(Cidr::of)
    }

    /// IPv6 router.
    async fn ipv6_gateway(&self) -> Option<IpAddress> {
        self.0.ipv6_gateway.map(IpAddress::of)
    }

    /// Its addresses for guests, free ones too.
    async fn addresses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Address>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<AddressId>()?;
        let found = request
            .store
            .address_list(&request.cx, page, self.0.id)
            .await?;
        Ok(connection(page, found))
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// One family of a network.
#[derive(InputObject)]
pub(crate) struct NetworkRangeInput {
    /// The prefix.
    cidr: Cidr,
    /// The router, in the prefix.
    gateway: Option<IpAddress>,
    /// The first address for guests, in the prefix.
    first: IpAddress,
    /// The last address for guests, in the prefix: 65,536 at most in all.
    last: IpAddress,
}

/// A new network: one family at least.
#[derive(InputObject)]
pub(crate) struct NetworkCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// In which site.
    site_id: ID,
    /// libvirt's name for it on every machine of the site.
    name: String,
    /// IPv4 part.
    ipv4: Option<NetworkRangeInput>,
    /// IPv6 part.
    ipv6: Option<NetworkRangeInput>,
}

/// What `networkCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct NetworkCreatePayload {
    /// The network.
    network: Option<Network>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Questions about networks.
#[derive(Default)]
pub(crate) struct NetworkQuery;

#[Object]
impl NetworkQuery {
    /// All networks. For the provider.
    async fn networks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Network>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<NetworkId>()?;
        let found = request.store.network_list(&request.cx, page, None).await?;
        Ok(Some(connection(page, found)))
    }
}

/// Changes of networks.
#[derive(Default)]
pub(crate) struct NetworkMutation;

#[Object]
impl NetworkMutation {
    /// Makes a network known, with the addresses that guests get. For the provider.
    async fn network_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new network.")] input: NetworkCreateInput,
    ) -> Result<NetworkCreatePayload> {
        let (network, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(NetworkCreatePayload {
            network: network.map(Network),
            user_errors,
        })
    }
}

async fn create(request: &Request, input: NetworkCreateInput) -> model::Result<model::Network> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::NetworkCreate {
        site_id: id("siteId", &input.site_id)?,
        name: input.name,
        ipv4: range("ipv4", input.ipv4, "192.0.2.0/24")?,
        ipv6: range("ipv6", input.ipv6, "2001:db8::/64")?,
    };
    request.store.network_create(&cx, create).await
}

fn range<Net: FromStr>(
    field: &str,
    input: Option<NetworkRangeInput>,
    example: &str,
) -> model::Result<Option<model::NetworkRange<Net>>> {
    let Some(input) = input else { return Ok(None) };
    let address = |name: &str, text: &IpAddress| {
        text_as::<IpAddr>(
            &format!("{field}.{name}"),
            &text.0,
            "192.0.2.1 or 2001:db8::1",
        )
    };
    Ok(Some(model::NetworkRange {
        cidr: text_as(&format!("{field}.cidr"), &input.cidr.0, example)?,
        gateway: input
            .gateway
            .as_ref()
            .map(|text| address("gateway", text))
            .transpose()?,
        first: address("first", &input.first)?,
        last: address("last", &input.last)?,
    }))
}
