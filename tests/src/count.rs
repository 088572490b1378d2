//! The count: what the database says must be exactly what is on the machines.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Client;
use uuid::Uuid;

use crate::{Listed, ListedGuest, Lister};

/// Every difference between the database and the machines, and between counters and their sums, for a
/// platform on which nothing is going on. Empty when all is well.
pub async fn differences(database: &Client, lister: &dyn Lister) -> Vec<String> {
    let mut found = sums(database).await;
    found.extend(addresses(database).await);
    let mut expected = expected(database).await;
    let machines = database
        .query("SELECT name FROM machines", &[])
        .await
        .unwrap();
    for row in machines {
        let name: String = row.get(0);
        let there = lister.list(&name);
        let wanted = expected.remove(&name).unwrap_or_default();
        for guest in there.guests.symmetric_difference(&wanted.guests) {
            found.push(format!(
                "{name}: {guest:?} {}",
                side(wanted.guests.contains(guest))
            ));
        }
        for volume in there.volumes.symmetric_difference(&wanted.volumes) {
            found.push(format!(
                "{name}: {volume} {}",
                side(wanted.volumes.contains(volume))
            ));
        }
    }
    found
}

fn side(is_wanted: bool) -> &'static str {
    if is_wanted {
        "is missing"
    } else {
        "is too many"
    }
}

/// What must be on each machine: from what is desired, not from what a worker wrote that it made.
async fn expected(database: &Client) -> BTreeMap<String, Listed> {
    let mut machines: BTreeMap<String, Listed> = BTreeMap::new();
    let vms = database
        .query(
            "SELECT m.name, v.id::text, v.system_revision,
                coalesce(bool_or(d.desired_state = 'RUNNING' AND d.state <> 'REFUSED'), false),
                coalesce(bool_or(d.desired_state IN ('RUNNING', 'STOPPED')), false)
            FROM virtual_machines v JOIN machines m ON m.id = v.machine_id
            LEFT JOIN deployments d ON (d.tenant_id, d.virtual_machine_id) = (v.tenant_id, v.id)
            GROUP BY 1, 2, 3",
            &[],
        )
        .await
        .unwrap();
    for row in vms {
        let (id, revision) = (uuid(&row, 1), row.get::<_, i32>(2));
        if row.get::<_, bool>(4) {
            let machine = machines.entry(row.get(0)).or_default();
            machine.guests.insert(ListedGuest {
                id,
                is_on: row.get(3),
            });
            machine
                .volumes
                .insert(format!("berth-system-{}-{revision}", id.simple()));
        }
    }
    let named = |sql: &'static str, prefix: &'static str| async move {
        let rows = database.query(sql, &[]).await.unwrap();
        let name = |row: &tokio_postgres::Row| {
            (
                row.get::<_, String>(0),
                format!("{prefix}{}", uuid(row, 1).simple()),
            )
        };
        rows.iter().map(name).collect::<BTreeSet<_>>()
    };
    let data = named(
        "SELECT m.name, o.id::text FROM volumes o
        JOIN deployments d ON (d.tenant_id, d.id) = (o.tenant_id, o.deployment_id)
        JOIN virtual_machines v ON (v.tenant_id, v.id) = (o.tenant_id, o.virtual_machine_id)
        JOIN machines m ON m.id = v.machine_id
        WHERE d.desired_state <> 'PURGED' AND d.state <> 'REFUSED'",
        "berth-data-",
    );
    let images = named(
        "SELECT m.name, i.image_id::text FROM machine_images i JOIN machines m ON m.id = i.machine_id",
        "berth-image-",
    );
    for (machine, volume) in data.await.into_iter().chain(images.await) {
        machines.entry(machine).or_default().volumes.insert(volume);
    }
    machines
}

fn uuid(row: &tokio_postgres::Row, column: usize) -> Uuid {
    row.get::<_, String>(column).parse().unwrap()
}

async fn sums(database: &Client) -> Vec<String> {
    let rows = database
        .query(
            "SELECT m.name, m.memory_used_bytes, coalesce(sum(r.memory_bytes), 0)::bigint,
                m.vcpus_used::bigint, coalesce(sum(r.vcpus), 0)::bigint,
                p.used_bytes, coalesce(sum(r.disk_bytes), 0)::bigint
            FROM machines m JOIN storage_pools p ON p.machine_id = m.id
            LEFT JOIN reservations r ON r.machine_id = m.id
            GROUP BY 1, 2, 4, 6",
            &[],
        )
        .await
        .unwrap();
    let mut found = Vec::new();
    for row in rows {
        for (counter, column) in [("memory", 1), ("vCPUs", 3), ("disk", 5)] {
            let (counted, sum): (i64, i64) = (row.get(column), row.get(column + 1));
            if counted != sum {
                let name: String = row.get(0);
                found.push(format!("{name}: {counter} counter {counted}, sum {sum}"));
            }
        }
    }
    found
}

/// A virtual machine that holds capacity has one address of each family; one that holds none has none.
async fn addresses(database: &Client) -> Vec<String> {
    let rows = database
        .query(
            "SELECT v.id::text, count(DISTINCT r.id), count(DISTINCT a.id),
                (SELECT count(DISTINCT family) FROM addresses)
            FROM virtual_machines v
            LEFT JOIN reservations r ON (r.tenant_id, r.virtual_machine_id) = (v.tenant_id, v.id)
            LEFT JOIN addresses a ON (a.tenant_id, a.virtual_machine_id) = (v.tenant_id, v.id)
            GROUP BY v.id
            HAVING count(DISTINCT a.id) <>
                count(DISTINCT r.id) * (SELECT count(DISTINCT family) FROM addresses)",
            &[],
        )
        .await
        .unwrap();
    let text = |row: &tokio_postgres::Row| {
        let id = uuid(row, 0);
        format!(
            "{id}: {} reservations, {} addresses",
            row.get::<_, i64>(1),
            row.get::<_, i64>(2)
        )
    };
    rows.iter().map(text).collect()
}
