//! Addresses as the API shows them. They are claimed and given back in `fleet`.

use std::{collections::HashMap, net::IpAddr};

use berth_model::{
    Address, AddressId, Error, NetworkId, Page, PageRequest, Result, TenantId, Timestamp,
    VirtualMachineId, policy, policy::Action,
};
use diesel::{prelude::*, sql_query, sql_types};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    error::internal,
    reads::{keyset, page_of, reads, uuids},
    schema::addresses,
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = addresses)]
pub(crate) struct AddressRow {
    id: Uuid,
    tenant_id: Uuid,
    network_id: Uuid,
    address: String,
    virtual_machine_id: Option<Uuid>,
    free_after: Option<Timestamp>,
}

impl TryFrom<AddressRow> for Address {
    type Error = Error;

    fn try_from(row: AddressRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            network_id: row.network_id.into(),
            address: row.address.parse().map_err(Error::internal)?,
            virtual_machine_id: row.virtual_machine_id.map(Into::into),
            free_after: row.free_after,
        })
    }
}

reads!(
    "address", DeploymentRead, addresses, AddressRow => Address,
    address_get, address_by_ids, AddressId
);

impl Store {
    /// The addresses of each of these virtual machines, IPv4 first.
    pub async fn address_by_virtual_machine_ids(
        &self,
        cx: &Cx,
        ids: &[VirtualMachineId],
    ) -> Result<HashMap<VirtualMachineId, Vec<Address>>> {
        policy::check(&cx.actor, Action::DeploymentRead)?;
        let rows = addresses::table
            .filter(addresses::virtual_machine_id.eq_any(uuids(ids)))
            .order((addresses::family, addresses::id))
            .select(AddressRow::as_select());
        let rows: Vec<AddressRow> = self.rows(cx, rows).await?;
        let mut found: HashMap<VirtualMachineId, Vec<Address>> = HashMap::new();
        for row in rows {
            if let Some(virtual_machine_id) = row.virtual_machine_id {
                found
                    .entry(virtual_machine_id.into())
                    .or_default()
                    .push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// The addresses of a network, free or held.
    pub async fn address_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        network_id: NetworkId,
    ) -> Result<Page<Address>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let query = addresses::table
            .filter(addresses::network_id.eq(network_id.0))
            .select(AddressRow::as_select())
            .into_boxed();
        let query = keyset!(query, addresses::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Fills a network with free addresses: one statement, however many they are.
    pub(crate) async fn addresses_insert(
        &self,
        tx: &mut Tx,
        network_id: NetworkId,
        hosts: &[IpAddr],
    ) -> Result<()> {
        let ids: Vec<Uuid> = hosts
            .iter()
            .map(|_| self.ids.next::<AddressId>().0)
            .collect();
        let families: Vec<i32> = hosts
            .iter()
            .map(|host| if host.is_ipv4() { 4 } else { 6 })
            .collect();
        let texts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        sql_query(
            "INSERT INTO addresses (id, tenant_id, network_id, family, address) \
             SELECT id, $1, $2, family, address \
             FROM unnest($3, $4, $5) AS given (id, family, address)",
        )
        .bind::<sql_types::Uuid, _>(TenantId::PLATFORM.0)
        .bind::<sql_types::Uuid, _>(network_id.0)
        .bind::<sql_types::Array<sql_types::Uuid>, _>(ids)
        .bind::<sql_types::Array<sql_types::Integer>, _>(families)
        .bind::<sql_types::Array<sql_types::Text>, _>(texts)
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
        Ok(())
    }
}
