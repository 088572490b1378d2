//! The proof that counters are sums.

use berth_model::{Result, policy, policy::Action};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;

use crate::{Cx, Store, error::internal};

/// A counter that isn't the sum of what is held.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct CounterMismatch {
    /// `machine m1` or `pool default of m1`.
    #[diesel(sql_type = Text)]
    pub of: String,
    /// `memory`, `vcpus` or `disk`.
    #[diesel(sql_type = Text)]
    pub what: String,
    /// What the counter says.
    #[diesel(sql_type = BigInt)]
    pub counter: i64,
    /// What reservations, and what is held during moves, sum up to.
    #[diesel(sql_type = BigInt)]
    pub sum: i64,
}

const CHECK: &str = "
    WITH held AS (
        SELECT machine_id, storage_pool_id, memory_bytes, vcpus, disk_bytes FROM reservations
        UNION ALL
        SELECT machine_id, storage_pool_id, memory_bytes, vcpus, disk_bytes FROM transits
    )
    SELECT * FROM (
        SELECT 'machine ' || m.name AS of, 'memory' AS what, m.memory_used_bytes AS counter,
               coalesce((SELECT sum(memory_bytes) FROM held
                         WHERE machine_id = m.id), 0)::bigint AS sum
        FROM machines m
        UNION ALL
        SELECT 'machine ' || m.name, 'vcpus', m.vcpus_used::bigint,
               coalesce((SELECT sum(vcpus) FROM held WHERE machine_id = m.id), 0)::bigint
        FROM machines m
        UNION ALL
        SELECT 'pool ' || p.name || ' of ' || m.name, 'disk', p.used_bytes,
               coalesce((SELECT sum(disk_bytes) FROM held
                         WHERE storage_pool_id = p.id), 0)::bigint
        FROM storage_pools p JOIN machines m ON m.id = p.machine_id
    ) counters WHERE counter <> sum ORDER BY of, what";

impl Store {
    /// Compares the counters of all machines and pools with the sums of what is held, in one
    /// snapshot. Empty when all is well. For tests and `berth fleet check`.
    pub async fn counters_check(&self, cx: &Cx) -> Result<Vec<CounterMismatch>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut tx = self.begin(cx).await?;
        let found = sql_query(CHECK).load(&mut *tx).await.map_err(internal);
        tx.end(found).await
    }
}
