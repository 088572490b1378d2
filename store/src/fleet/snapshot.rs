//! What placement decides on.

use std::collections::{HashMap, HashSet};

use berth_model::{ImageId, Machine, NetworkId, Result, SiteId, StoragePool};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Bool, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Claim, Store,
    error::internal,
    machine::MachineRow,
    schema::{machine_images, machines, racks, storage_pools},
    storage_pool::StoragePoolRow,
    tx::Tx,
};

/// The fleet as it was at one moment.
#[derive(Clone, Debug)]
pub struct FleetFacts {
    /// Every machine, in the order of their names.
    pub machines: Vec<FleetMachine>,
}

/// A machine in it.
#[derive(Clone, Debug)]
pub struct FleetMachine {
    /// It, with its counters.
    pub machine: Machine,
    /// In which site.
    pub site_id: SiteId,
    /// Its storage pools.
    pub pools: Vec<StoragePool>,
    /// Its networks.
    pub networks: Vec<FleetNetwork>,
    /// Whether the image asked about is on it already.
    pub has_image: bool,
}

/// A network of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetNetwork {
    /// It.
    pub id: NetworkId,
    /// Whether each of its families has a free address.
    pub has_free: bool,
}

#[derive(QueryableByName)]
struct NetworkOfMachine {
    #[diesel(sql_type = SqlUuid)]
    machine_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    network_id: Uuid,
    #[diesel(sql_type = Bool)]
    has_free: bool,
}

const NETWORKS: &str = "
    WITH of_each AS (
        SELECT n.id,
               (n.ipv4_cidr IS NULL OR EXISTS (SELECT FROM addresses a
                    WHERE a.network_id = n.id AND a.family = 4 AND a.virtual_machine_id IS NULL
                      AND (a.free_after IS NULL OR a.free_after <= $1)))
           AND (n.ipv6_cidr IS NULL OR EXISTS (SELECT FROM addresses a
                    WHERE a.network_id = n.id AND a.family = 6 AND a.virtual_machine_id IS NULL
                      AND (a.free_after IS NULL OR a.free_after <= $1))) AS has_free
        FROM networks n)
    SELECT m.machine_id, m.network_id, e.has_free
    FROM machine_networks m JOIN of_each e ON e.id = m.network_id";

impl Store {
    /// Every machine of every site (another site is a reason that is told), and on which of them
    /// the image is.
    pub async fn fleet_snapshot(&self, claim: &Claim, image: ImageId) -> Result<FleetFacts> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let facts = self.fleet_read(&mut tx, image).await;
        tx.end(facts).await
    }

    async fn fleet_read(&self, tx: &mut Tx, image: ImageId) -> Result<FleetFacts> {
        let rows: Vec<(MachineRow, Uuid)> = machines::table
            .inner_join(racks::table.on(racks::id.eq(machines::rack_id)))
            .order(machines::name)
            .select((MachineRow::as_select(), racks::site_id))
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let pool_rows: Vec<StoragePoolRow> = storage_pools::table
            .order(storage_pools::id)
            .select(StoragePoolRow::as_select())
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let mut pools: HashMap<_, Vec<StoragePool>> = HashMap::new();
        for pool in pool_rows.into_iter().map(StoragePool::from) {
            pools.entry(pool.machine_id).or_default().push(pool);
        }
        let mut networks = self.networks_read(tx).await?;
        let with_image: Vec<Uuid> = machine_images::table
            .filter(machine_images::image_id.eq(image.0))
            .select(machine_images::machine_id)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let with_image: HashSet<Uuid> = with_image.into_iter().collect();
        let mut found = Vec::with_capacity(rows.len());
        for (machine, site) in rows {
            let machine = Machine::try_from(machine)?;
            found.push(FleetMachine {
                site_id: site.into(),
                pools: pools.remove(&machine.id).unwrap_or_default(),
                networks: networks.remove(&machine.id.0).unwrap_or_default(),
                has_image: with_image.contains(&machine.id.0),
                machine,
            });
        }
        Ok(FleetFacts { machines: found })
    }

    async fn networks_read(&self, tx: &mut Tx) -> Result<HashMap<Uuid, Vec<FleetNetwork>>> {
        let rows: Vec<NetworkOfMachine> = sql_query(NETWORKS)
            .bind::<Timestamptz, _>(self.clock.now())
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let mut networks: HashMap<Uuid, Vec<FleetNetwork>> = HashMap::new();
        for row in rows {
            let network = FleetNetwork {
                id: row.network_id.into(),
                has_free: row.has_free,
            };
            networks.entry(row.machine_id).or_default().push(network);
        }
        Ok(networks)
    }
}
