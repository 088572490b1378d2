//! A thousand machines, and orders that take all of them.

use berth_model::{ImageId, SiteId, VirtualMachineId};
use berth_placement::Room;
use berth_store::Claim;
use tokio_postgres::{Client, types::ToSql};
use uuid::Uuid;

const GIB: i64 = 1 << 30;
const MACHINES: usize = 1_000;

/// Where orders go.
#[derive(Clone)]
pub struct Site {
    pub id: SiteId,
    pub image: ImageId,
}

/// A virtual machine that wants a place, with its operation's claim.
pub struct Order {
    pub vm: VirtualMachineId,
    pub claim: Claim,
    pub room: Room,
}

/// A reservation's row.
pub struct Row {
    ids: [String; 5],
    memory_bytes: i64,
    vcpus: i32,
    disk_bytes: i64,
}

/// The rows without what a claim looks at: the same columns and indexes.
const BARE: &str = "CREATE TABLE bare_reservations (LIKE reservations INCLUDING ALL)";
pub const BARE_INSERT: &str =
    "INSERT INTO bare_reservations VALUES ($1::text::uuid, $2::text::uuid,
    $3::text::uuid, $4::text::uuid, $5::text::uuid, $6, $7, $8, now(), now())";

/// Makes machines that all orders together fill, and the virtual machines.
pub async fn fill(sql: &Client, claims: usize) -> Site {
    // Orders have 4 GiB on average; a little is left of each machine in the end.
    let memory = i64::try_from(claims / MACHINES + 1).unwrap() * 4 * GIB;
    let made = format!(
        "INSERT INTO racks (id, site_id, name, created_at)
             SELECT gen_random_uuid(), id, 'claims-' || n, now() FROM sites, generate_series(1, 20) n;
         UPDATE machines SET state = 'MAINTENANCE';
         INSERT INTO machines (id, rack_id, name, uri, state, guest_type, vcpu_overcommit_percent,
                               memory_reserve_bytes, memory_bytes, cpus, observed_at, created_at)
             SELECT gen_random_uuid(), r.id, r.name || '-' || n, 'sim:' || r.name || '-' || n, 'ACTIVE',
                    'QEMU', 400, 0, {memory}, 4096, now(), now()
             FROM racks r, generate_series(1, {each}) n WHERE r.name LIKE 'claims-%';
         INSERT INTO storage_pools (id, machine_id, name, capacity_bytes, created_at)
             SELECT gen_random_uuid(), id, 'berth', {disk}, now() FROM machines
             WHERE name LIKE 'claims-%';
         INSERT INTO virtual_machines (id, tenant_id, site_id, image_id, hosting, state, mac, created_at)
             SELECT gen_random_uuid(), t.id, s.id, i.id, 'OWN', 'PLANNED', 'claims-' || n, now()
             FROM tenants t, sites s, images i, generate_series(1, {claims}) n WHERE t.name = 'Test';
         INSERT INTO operations (id, tenant_id, kind, state, machine_id, lock_key, fair_at, run_after,
                                 claim_number, claimed_by, lease_until, started_at, created_at)
             SELECT gen_random_uuid(), v.tenant_id, 'MACHINE_ENROLL', 'RUNNING',
                    (SELECT id FROM machines LIMIT 1), v.id, 0, now(), 1, 'bench',
                    now() + interval '1 day', now(), now()
             FROM virtual_machines v WHERE v.mac LIKE 'claims-%';
         {BARE};",
        each = MACHINES / 20,
        disk = memory * 100,
    );
    sql.batch_execute(&made).await.unwrap();
    sql.batch_execute("VACUUM ANALYZE").await.unwrap();
    let query = "SELECT s.id::text, i.id::text FROM sites s, images i LIMIT 1";
    let row = sql.query_one(query, &[]).await.unwrap();
    Site {
        id: uuid(&row, 0).into(),
        image: uuid(&row, 1).into(),
    }
}

/// All orders, with nothing sold: 1, 2, 5 or 8 GiB with a vCPU for each two.
pub async fn orders(sql: &Client, claims: usize) -> Vec<Order> {
    let empty = "TRUNCATE reservations;
         UPDATE machines SET memory_used_bytes = 0, vcpus_used = 0;
         UPDATE storage_pools SET used_bytes = 0;
         UPDATE virtual_machines SET state = 'PLANNED', machine_id = NULL, storage_pool_id = NULL
             WHERE mac LIKE 'claims-%';";
    sql.batch_execute(empty).await.unwrap();
    sql.batch_execute("VACUUM ANALYZE").await.unwrap();
    let query = "SELECT v.id::text, v.tenant_id::text, o.id::text FROM virtual_machines v
         JOIN operations o ON o.lock_key = v.id WHERE v.mac LIKE 'claims-%' ORDER BY v.id";
    let rows = sql.query(query, &[]).await.unwrap();
    assert_eq!(rows.len(), claims);
    let order = |(index, row): (usize, &tokio_postgres::Row)| {
        let gib = [1, 2, 5, 8][index % 4];
        Order {
            vm: uuid(row, 0).into(),
            claim: Claim {
                operation_id: uuid(row, 2).into(),
                tenant_id: uuid(row, 1).into(),
                claim_number: 1,
                worker: "bench".to_owned(),
            },
            room: Room {
                memory_bytes: gib * GIB,
                vcpus: (gib + 1) / 2,
                disk_bytes: gib * 10 * GIB,
            },
        }
    };
    rows.iter().enumerate().map(order).collect()
}

/// No machine and no pool has sold more than it has, and counters are sums.
pub async fn check(sql: &Client) {
    let query = "SELECT count(*) FROM machines m JOIN storage_pools p ON p.machine_id = m.id
         LEFT JOIN (SELECT machine_id, sum(memory_bytes) AS memory, sum(vcpus) AS vcpus,
                           sum(disk_bytes) AS disk FROM reservations GROUP BY 1) r
             ON r.machine_id = m.id
         WHERE coalesce(r.memory, 0) > m.memory_bytes OR coalesce(r.disk, 0) > p.capacity_bytes
            OR coalesce(r.memory, 0) <> m.memory_used_bytes OR coalesce(r.vcpus, 0) <> m.vcpus_used
            OR coalesce(r.disk, 0) <> p.used_bytes";
    let wrong: i64 = sql.query_one(query, &[]).await.unwrap().get(0);
    assert_eq!(
        wrong, 0,
        "machines that are oversold, or whose counters are no sums"
    );
}

fn uuid(row: &tokio_postgres::Row, column: usize) -> Uuid {
    row.get::<_, &str>(column).parse().unwrap()
}

/// What was sold.
pub async fn rows(sql: &Client) -> Vec<Row> {
    let query = "SELECT id::text, tenant_id::text, virtual_machine_id::text, machine_id::text,
         storage_pool_id::text, memory_bytes,
         vcpus, disk_bytes FROM reservations ORDER BY id";
    let rows = sql.query(query, &[]).await.unwrap();
    let row = |row: &tokio_postgres::Row| Row {
        ids: std::array::from_fn(|column| row.get(column)),
        memory_bytes: row.get(5),
        vcpus: row.get(6),
        disk_bytes: row.get(7),
    };
    rows.iter().map(row).collect()
}

pub async fn bare_empty(sql: &Client) {
    let empty = "TRUNCATE bare_reservations; VACUUM ANALYZE bare_reservations";
    for statement in empty.split("; ") {
        sql.batch_execute(statement).await.unwrap();
    }
}

impl Row {
    pub fn values(&self) -> [&(dyn ToSql + Sync); 8] {
        let [id, tenant, vm, machine, pool] = &self.ids;
        let (memory, vcpus, disk) = (&self.memory_bytes, &self.vcpus, &self.disk_bytes);
        [id, tenant, vm, machine, pool, memory, vcpus, disk]
    }
}
