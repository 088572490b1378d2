//! Networks of sites. Making one fills the table of addresses.

use std::{collections::HashMap, net::IpAddr};

use berth_model::{
    Error, MachineId, Network, NetworkCreate, NetworkId, Page, PageRequest, Result, SiteId,
    TenantId, Timestamp, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    address_range::hosts,
    check,
    error::already_exists,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read, uuids},
    schema::{machine_networks, networks},
    site::SiteRow,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = networks)]
pub(crate) struct NetworkRow {
    id: Uuid,
    site_id: Uuid,
    name: String,
    ipv4_cidr: Option<String>,
    ipv4_gateway: Option<String>,
    ipv6_cidr: Option<String>,
    ipv6_gateway: Option<String>,
    created_at: Timestamp,
}

impl TryFrom<NetworkRow> for Network {
    type Error = Error;

    fn try_from(row: NetworkRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            site_id: row.site_id.into(),
            name: row.name,
            ipv4: parsed(row.ipv4_cidr)?,
            ipv4_gateway: parsed(row.ipv4_gateway)?,
            ipv6: parsed(row.ipv6_cidr)?,
            ipv6_gateway: parsed(row.ipv6_gateway)?,
            created_at: row.created_at,
        })
    }
}

fn parsed<T>(text: Option<String>) -> Result<Option<T>>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.map(|text| text.parse())
        .transpose()
        .map_err(Error::internal)
}

reads!(
    "network", FleetRead, networks, NetworkRow => Network,
    network_get, network_by_ids, NetworkId
);
row_read!("network", networks, NetworkRow => Network, NetworkId);

impl Store {
    /// The networks, of one site if one is named.
    pub async fn network_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        site_id: Option<SiteId>,
    ) -> Result<Page<Network>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut query = networks::table.select(NetworkRow::as_select()).into_boxed();
        if let Some(id) = site_id {
            query = query.filter(networks::site_id.eq(id.0));
        }
        let query = keyset!(query, networks::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// The networks that each of these machines is on, in the order of their ids.
    pub async fn network_by_machine_ids(
        &self,
        cx: &Cx,
        ids: &[MachineId],
    ) -> Result<HashMap<MachineId, Vec<Network>>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let rows = machine_networks::table
            .inner_join(networks::table)
            .filter(machine_networks::machine_id.eq_any(uuids(ids)))
            .order(networks::id)
            .select((machine_networks::machine_id, NetworkRow::as_select()));
        let rows: Vec<(Uuid, NetworkRow)> = self.rows(cx, rows).await?;
        let mut found: HashMap<MachineId, Vec<Network>> = HashMap::new();
        for (machine_id, row) in rows {
            found
                .entry(machine_id.into())
                .or_default()
                .push(row.try_into()?);
        }
        Ok(found)
    }

    /// Makes a network and its addresses: at least one family, 65,536 addresses of each at most.
    pub async fn network_create(&self, cx: &Cx, input: NetworkCreate) -> Result<Network> {
        policy::check(&cx.actor, Action::FleetWrite)?;
        check::text("name", &input.name, 100)?;
        let hosts = hosts(&input)?;
        let mut tx = self.begin(cx).await?;
        let made = self.network_create_in(&mut tx, cx, &input, &hosts).await;
        tx.end(made).await
    }

    async fn network_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &NetworkCreate,
        hosts: &[IpAddr],
    ) -> Result<Network> {
        const NAME: &str = "networkCreate";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            return NetworkRow::read(tx, id).await;
        }
        SiteRow::read(tx, input.site_id)
            .await
            .map_err(|error| error.at("siteId"))?;
        let id: NetworkId = self.ids.next();
        let (ipv4, ipv6) = (input.ipv4.as_ref(), input.ipv6.as_ref());
        let gateway = |gateway: Option<IpAddr>| gateway.map(|address| address.to_string());
        diesel::insert_into(networks::table)
            .values((
                networks::id.eq(id.0),
                networks::site_id.eq(input.site_id.0),
                networks::name.eq(&input.name),
                networks::ipv4_cidr.eq(ipv4.map(|range| range.cidr.trunc().to_string())),
                networks::ipv4_gateway.eq(gateway(ipv4.and_then(|range| range.gateway))),
                networks::ipv6_cidr.eq(ipv6.map(|range| range.cidr.trunc().to_string())),
                networks::ipv6_gateway.eq(gateway(ipv6.and_then(|range| range.gateway))),
                networks::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "networks_site_id_name_key",
                "name",
                "There is a network of this name in the site. Choose another.",
            )]))?;
        self.addresses_insert(tx, id, hosts).await?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        NetworkRow::read(tx, id).await
    }
}
