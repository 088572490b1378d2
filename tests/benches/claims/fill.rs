//! A thousand machines, and orders for them.

use berth_model::{ImageId, SiteId, VirtualMachineId};
use berth_placement::Room;
use berth_store::Claim;
use tokio_postgres::{Client, types::ToSql};
use uuid::Uuid;

const GIB: i64 = 1 << 30;
const MACHINES: usize = 1_000;
/// Of each machine, unless there are more orders than fit then.
const MEMORY: i64 = 512 * GIB;

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
    ids: [Uuid; 5],
    memory_bytes: i64,
    vcpus: i32,
    disk_bytes: i64,
}

/// The rows without what a claim looks at: the same columns and indexes.
const BARE: &str = "CREATE TABLE bare_reservations (LIKE reservations INCLUDING ALL)";
pub const BARE_INSERT: &str =
    "INSERT INTO bare_reservations VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), now())";

/// Ids that grow with time, as Berth's do: where random ones are looked up, each page that is touched
/// for the first time since a checkpoint is written down whole.
const ID: &str =
    "CREATE FUNCTION id_of(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1767323045000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8'
            || substr(md5(n::text), 1, 15))::uuid $$";

/// Makes the machines, 500 tenants, the virtual machines and their operations.
pub async fn fill(sql: &Client, claims: usize) -> Site {
    // Orders have 4 GiB on average, and up to half is sold before; a little is left if all is sold.
    let needed = i64::try_from(claims / MACHINES + 1).unwrap() * 4 * GIB;
    let memory = (needed * 7 / 5).max(MEMORY);
    let made = format!(
        "{ID};
         INSERT INTO sites VALUES (id_of(1, 1), 'site', now());
         INSERT INTO images VALUES (id_of(2, 1), 'image', sha256(''), 1, 1, 1, now());
         INSERT INTO racks SELECT id_of(3, n), id_of(1, 1), 'r' || n, now() FROM generate_series(1, 20) n;
         INSERT INTO machines (id, rack_id, name, uri, state, guest_type, vcpu_overcommit_percent,
                               memory_reserve_bytes, memory_bytes, cpus, observed_at, created_at)
             SELECT id_of(4, n), id_of(3, n % 20 + 1), 'm' || n, 'sim:m' || n, 'ACTIVE', 'QEMU', 400, 0,
                    {memory}, 4096, now(), now()
             FROM generate_series(1, {MACHINES}) n;
         INSERT INTO storage_pools (id, machine_id, name, capacity_bytes, created_at)
             SELECT id_of(5, n), id_of(4, n), 'berth', {disk}, now() FROM generate_series(1, {MACHINES}) n;
         INSERT INTO tenants (id, name, created_at)
             SELECT id_of(6, n), 't' || n, now() FROM generate_series(1, 500) n;
         INSERT INTO virtual_machines (id, tenant_id, site_id, image_id, hosting, state, mac, created_at)
             SELECT id_of(7, n), id_of(6, n % 500 + 1), id_of(1, 1), id_of(2, 1), 'OWN', 'PLANNED', n, now()
             FROM generate_series(1, {claims}) n;
         ALTER TABLE operations DISABLE TRIGGER USER;
         INSERT INTO operations (id, tenant_id, kind, state, machine_id, lock_key, fair_at, run_after,
                                 claim_number, claimed_by, lease_until, started_at, created_at)
             SELECT id_of(8, n), id_of(6, n % 500 + 1), 'MACHINE_ENROLL', 'RUNNING', id_of(4, 1),
                    id_of(7, n), 0, now(), 1, 'bench', now() + interval '1 day', now(), now()
             FROM generate_series(1, {claims}) n;
         ALTER TABLE operations ENABLE TRIGGER USER;
         INSERT INTO virtual_machines (id, tenant_id, site_id, image_id, hosting, state, mac, machine_id,
                                       storage_pool_id, created_at)
             SELECT id_of(9, n), id_of(6, n % 500 + 1), id_of(1, 1), id_of(2, 1), 'OWN', 'RUNNING',
                    'before-' || n, id_of(4, n), id_of(5, n), now()
             FROM generate_series(1, {MACHINES}) n;
         {BARE};",
        disk = memory * 100,
    );
    sql.batch_execute(&made).await.unwrap();
    sql.batch_execute("VACUUM ANALYZE").await.unwrap();
    let row = sql.query_one("SELECT id_of(1, 1), id_of(2, 1)", &[]).await;
    let row = row.unwrap();
    Site {
        id: row.get::<_, Uuid>(0).into(),
        image: row.get::<_, Uuid>(1).into(),
    }
}

/// All orders: 1, 2, 5 or 8 GiB with a vCPU for each two. Up to half of each machine is sold before.
pub async fn orders(sql: &Client, claims: usize) -> Vec<Order> {
    let empty = "TRUNCATE reservations, placements;
         UPDATE virtual_machines SET state = 'PLANNED', machine_id = NULL, storage_pool_id = NULL
             WHERE state = 'RESERVED';
         INSERT INTO reservations
             SELECT gen_random_uuid(), v.tenant_id, v.id, m.id, v.storage_pool_id, s.gib << 30, s.gib / 2,
                    s.gib * 10 << 30, now(), now()
             FROM virtual_machines v JOIN machines m ON m.id = v.machine_id, LATERAL
                  (SELECT ('x' || left(md5(m.name), 4))::bit(16)::bigint * (m.memory_bytes >> 31) / 65536 AS gib) s;
         UPDATE machines m SET memory_used_bytes = r.memory_bytes, vcpus_used = r.vcpus
             FROM reservations r WHERE r.machine_id = m.id;
         UPDATE storage_pools p SET used_bytes = r.disk_bytes
             FROM reservations r WHERE r.storage_pool_id = p.id";
    sql.batch_execute(empty).await.unwrap();
    sql.batch_execute("VACUUM ANALYZE").await.unwrap();
    let query = "SELECT v.id, v.tenant_id, o.id FROM virtual_machines v
         JOIN operations o ON o.lock_key = v.id ORDER BY v.id";
    let rows = sql.query(query, &[]).await.unwrap();
    assert_eq!(rows.len(), claims);
    let order = |(index, row): (usize, &tokio_postgres::Row)| {
        let id = |column| row.get::<_, Uuid>(column);
        let gib = [1, 2, 5, 8][index % 4];
        Order {
            vm: id(0).into(),
            claim: Claim {
                operation_id: id(2).into(),
                tenant_id: id(1).into(),
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

/// How many machines and pools have sold more than they have. Counters that aren't sums are a failure.
pub async fn oversold(sql: &Client) -> i64 {
    let query = "SELECT
             count(*) FILTER (WHERE r.memory > m.memory_bytes OR r.vcpus > m.cpus * 4
                                 OR r.disk > p.capacity_bytes),
             count(*) FILTER (WHERE r.memory <> m.memory_used_bytes OR r.vcpus <> m.vcpus_used
                                 OR r.disk <> p.used_bytes)
         FROM machines m JOIN storage_pools p ON p.machine_id = m.id,
              LATERAL (SELECT coalesce(sum(memory_bytes), 0) AS memory, coalesce(sum(vcpus), 0) AS vcpus,
                              coalesce(sum(disk_bytes), 0) AS disk
                       FROM reservations WHERE machine_id = m.id AND storage_pool_id = p.id) r";
    let row = sql.query_one(query, &[]).await.unwrap();
    let wrong: i64 = row.get(1);
    assert_eq!(wrong, 0, "machines whose counters are no sums");
    row.get(0)
}

/// What was sold by claims.
pub async fn rows(sql: &Client) -> Vec<Row> {
    let query =
        "SELECT id, tenant_id, virtual_machine_id, machine_id, storage_pool_id, memory_bytes,
         vcpus, disk_bytes FROM reservations r
         WHERE EXISTS (SELECT FROM placements p JOIN operations o ON o.id = p.operation_id
                       WHERE o.lock_key = r.virtual_machine_id) ORDER BY id";
    let rows = sql.query(query, &[]).await.unwrap();
    let row = |row: &tokio_postgres::Row| Row {
        ids: std::array::from_fn(|column| row.get(column)),
        memory_bytes: row.get(5),
        vcpus: row.get(6),
        disk_bytes: row.get(7),
    };
    rows.iter().map(row).collect()
}

/// Nothing of the peer's is left.
pub async fn bare_empty(sql: &Client) {
    for statement in [
        "TRUNCATE bare_reservations",
        "VACUUM ANALYZE bare_reservations",
    ] {
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
