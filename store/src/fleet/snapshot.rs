//! What placement decides on.

use std::collections::{HashMap, HashSet};

use berth_model::{
    FleetFacts, FleetMachine, FleetNetwork, FleetReservation, ImageId, Machine, Result, SiteId,
    StoragePool, Transit,
};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Claim, Store,
    error::internal,
    machine::MachineRow,
    placement_policy::policy_read,
    schema::{machine_images, machines, racks, storage_pools},
    storage_pool::StoragePoolRow,
    tx::Tx,
};

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
    FROM machine_networks m JOIN of_each e ON e.id = m.network_id
    ORDER BY m.network_id";

#[derive(QueryableByName)]
struct ReservationOfSite {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    virtual_machine_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    machine_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    storage_pool_id: Uuid,
    #[diesel(sql_type = BigInt)]
    memory_bytes: i64,
    #[diesel(sql_type = Integer)]
    vcpus: i32,
    #[diesel(sql_type = BigInt)]
    disk_bytes: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    restart_machine_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    second_restart_machine_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    transit_machine_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Bool>)]
    has_left: Option<bool>,
    #[diesel(sql_type = Array<SqlUuid>)]
    networks: Vec<Uuid>,
}

const RESERVATIONS: &str = "
    SELECT r.id, r.tenant_id, r.virtual_machine_id, r.machine_id, r.storage_pool_id,
           r.memory_bytes, r.vcpus, r.disk_bytes, r.restart_machine_id, r.second_restart_machine_id,
           t.machine_id AS transit_machine_id, t.has_left,
           ARRAY(SELECT DISTINCT a.network_id FROM addresses a
                 WHERE a.virtual_machine_id = r.virtual_machine_id ORDER BY 1) AS networks
    FROM reservations r
    JOIN machines m ON m.id = r.machine_id
    JOIN racks k ON k.id = m.rack_id
    LEFT JOIN transits t ON t.virtual_machine_id = r.virtual_machine_id
    WHERE k.site_id = $1
    ORDER BY r.id";

impl Store {
    /// Every machine of every site (another site is a reason that is told), and on which of them
    /// the image is; what is held in the site, if the policy looks at that.
    pub async fn fleet_snapshot(
        &self,
        claim: &Claim,
        site: SiteId,
        image: ImageId,
    ) -> Result<FleetFacts> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let facts = self.fleet_read(&mut tx, site, Some(image), false).await;
        tx.end(facts).await
    }

    /// The same with what is held in the site in any case, for a move.
    pub async fn fleet_snapshot_whole(&self, claim: &Claim, site: SiteId) -> Result<FleetFacts> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let facts = self.fleet_read(&mut tx, site, None, true).await;
        tx.end(facts).await
    }

    pub(crate) async fn fleet_read(
        &self,
        tx: &mut Tx,
        site: SiteId,
        image: Option<ImageId>,
        is_whole: bool,
    ) -> Result<FleetFacts> {
        let policy = policy_read(tx).await?;
        // Versions first: what is read after them can only be newer, and then the claim is lost.
        let machines = self.machines_read(tx, image).await?;
        let mut reservations = None;
        if is_whole || policy.looks_at_reservations() {
            reservations = Some(reservations_read(tx, site).await?);
        }
        Ok(FleetFacts {
            policy,
            site_id: site,
            machines,
            reservations,
        })
    }

    async fn machines_read(
        &self,
        tx: &mut Tx,
        image: Option<ImageId>,
    ) -> Result<Vec<FleetMachine>> {
        let rows: Vec<(MachineRow, i64, Uuid)> = machines::table
            .inner_join(racks::table.on(racks::id.eq(machines::rack_id)))
            .order(machines::id)
            .select((MachineRow::as_select(), machines::version, racks::site_id))
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let mut pools = pools_read(tx).await?;
        let mut networks = self.networks_read(tx).await?;
        let with_image = with_image_read(tx, image).await?;
        let mut found = Vec::with_capacity(rows.len());
        for (machine, version, site) in rows {
            let machine = Machine::try_from(machine)?;
            found.push(FleetMachine {
                version,
                site_id: site.into(),
                pool: pools.remove(&machine.id.0),
                networks: networks.remove(&machine.id.0).unwrap_or_default(),
                has_image: with_image.contains(&machine.id.0),
                machine,
            });
        }
        Ok(found)
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

/// By machine. A machine is enrolled with one pool.
async fn pools_read(tx: &mut Tx) -> Result<HashMap<Uuid, StoragePool>> {
    let rows: Vec<StoragePoolRow> = storage_pools::table
        .order(storage_pools::id.desc())
        .select(StoragePoolRow::as_select())
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let pools = rows.into_iter().map(StoragePool::from);
    Ok(pools.map(|pool| (pool.machine_id.0, pool)).collect())
}

async fn with_image_read(tx: &mut Tx, image: Option<ImageId>) -> Result<HashSet<Uuid>> {
    let Some(image) = image else {
        return Ok(HashSet::new());
    };
    let machines: Vec<Uuid> = machine_images::table
        .filter(machine_images::image_id.eq(image.0))
        .select(machine_images::machine_id)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(machines.into_iter().collect())
}

async fn reservations_read(tx: &mut Tx, site: SiteId) -> Result<Vec<FleetReservation>> {
    let rows: Vec<ReservationOfSite> = sql_query(RESERVATIONS)
        .bind::<SqlUuid, _>(site.0)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(rows.into_iter().map(FleetReservation::from).collect())
}

impl From<ReservationOfSite> for FleetReservation {
    fn from(row: ReservationOfSite) -> Self {
        Self {
            reservation: berth_model::Reservation {
                id: row.id.into(),
                tenant_id: row.tenant_id.into(),
                virtual_machine_id: row.virtual_machine_id.into(),
                machine_id: row.machine_id.into(),
                storage_pool_id: row.storage_pool_id.into(),
                memory_bytes: row.memory_bytes,
                vcpus: row.vcpus,
                disk_bytes: row.disk_bytes,
            },
            networks: row.networks.into_iter().map(Into::into).collect(),
            restarts: [row.restart_machine_id, row.second_restart_machine_id]
                .map(|machine| machine.map(Into::into)),
            transit: row.transit_machine_id.map(|machine| Transit {
                machine_id: machine.into(),
                has_left: row.has_left.unwrap_or(false),
            }),
        }
    }
}
