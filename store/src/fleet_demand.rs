//! What questions about a site's capacity count with: what is held, and what is ordered.

use std::collections::HashMap;

use berth_model::{FleetDemand, FleetFacts, ImageId, Plan, Result, SiteId, policy, policy::Action};
use diesel::{
    dsl::max,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    error::internal,
    plan::PlanRow,
    schema::{images, plans},
    site::SiteRow,
    tx::Tx,
};

/// How far a forecast looks back.
const WEEKS: i32 = 8;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Sold {
    #[diesel(sql_type = SqlUuid)]
    plan_id: Uuid,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// A deployment was there from its order to the end of its last delete. Those that were refused never
/// were.
const HISTORY: &str = "
    SELECT (SELECT count(*) FROM deployments d
            JOIN virtual_machines v ON v.id = d.virtual_machine_id
            WHERE v.site_id = $1 AND d.created_at <= week.ends AND d.state <> 'REFUSED'
              AND (d.state NOT IN ('DELETED', 'PURGED')
                   OR week.ends < (SELECT max(o.finished_at) FROM operations o
                                   WHERE o.deployment_id = d.id AND o.kind = 'DEPLOYMENT_DELETE'
                                     AND o.state = 'SUCCEEDED'))) AS count
    FROM (SELECT $2 - make_interval(weeks => week) AS ends FROM generate_series($3, 0, -1) week) week
    ORDER BY week.ends";

const SOLD: &str = "
    SELECT d.plan_id, count(*) AS count
    FROM deployments d JOIN virtual_machines v ON v.id = d.virtual_machine_id
    WHERE v.site_id = $1 AND d.state NOT IN ('REFUSED', 'DELETED', 'PURGED')
    GROUP BY d.plan_id";

/// A virtual machine has one address of each family of one network that its machine is on.
const ADDRESSES: &str = "
    SELECT coalesce(sum(least(v4, v6)), 0)::bigint AS count FROM (
        SELECT CASE WHEN n.ipv4_cidr IS NOT NULL THEN free.v4 END AS v4,
               CASE WHEN n.ipv6_cidr IS NOT NULL THEN free.v6 END AS v6
        FROM networks n, LATERAL (
            SELECT count(*) FILTER (WHERE a.family = 4) AS v4,
                   count(*) FILTER (WHERE a.family = 6) AS v6
            FROM addresses a
            WHERE a.network_id = n.id AND a.virtual_machine_id IS NULL
              AND (a.free_after IS NULL OR a.free_after <= $2)) free
        WHERE n.site_id = $1
          AND EXISTS (SELECT FROM machine_networks m WHERE m.network_id = n.id)) of_each";

impl Store {
    /// Every machine, and what is held in the site, for questions about it; on which machines the image
    /// is.
    pub async fn fleet_facts(
        &self,
        cx: &Cx,
        site: SiteId,
        image: Option<ImageId>,
    ) -> Result<FleetFacts> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut tx = self.begin(cx).await?;
        let facts = self.fleet_of_site(&mut tx, site, image).await;
        tx.end(facts).await
    }

    async fn fleet_of_site(
        &self,
        tx: &mut Tx,
        site: SiteId,
        image: Option<ImageId>,
    ) -> Result<FleetFacts> {
        SiteRow::read(tx, site)
            .await
            .map_err(|error| error.at("siteId"))?;
        self.fleet_read(tx, site, image, true).await
    }

    /// What is ordered in the site and what was, for a forecast.
    pub async fn fleet_demand(&self, cx: &Cx, site: SiteId) -> Result<FleetDemand> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut tx = self.begin(cx).await?;
        let demand = self.demand_read(&mut tx, site).await;
        tx.end(demand).await
    }

    async fn demand_read(&self, tx: &mut Tx, site: SiteId) -> Result<FleetDemand> {
        SiteRow::read(tx, site)
            .await
            .map_err(|error| error.at("siteId"))?;
        let now = self.clock.now();
        let history: Vec<Count> = sql_query(HISTORY)
            .bind::<SqlUuid, _>(site.0)
            .bind::<Timestamptz, _>(now)
            .bind::<Integer, _>(WEEKS - 1)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let addresses: Count = sql_query(ADDRESSES)
            .bind::<SqlUuid, _>(site.0)
            .bind::<Timestamptz, _>(now)
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        let system: Option<i64> = images::table
            .select(max(images::virtual_bytes))
            .first(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(FleetDemand {
            plans: plans_read(tx, site).await?,
            system_bytes: system.unwrap_or(0),
            addresses_free: addresses.count,
            history: history.into_iter().map(|week| week.count).collect(),
        })
    }
}

async fn plans_read(tx: &mut Tx, site: SiteId) -> Result<Vec<(Plan, i64)>> {
    let sold: Vec<Sold> = sql_query(SOLD)
        .bind::<SqlUuid, _>(site.0)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let sold: HashMap<Uuid, i64> = sold.into_iter().map(|of| (of.plan_id, of.count)).collect();
    let rows: Vec<PlanRow> = plans::table
        .order(plans::id)
        .select(PlanRow::as_select())
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let plan = Plan::try_from(row)?;
        let count = sold.get(&plan.id.0).copied().unwrap_or(0);
        found.push((plan, count));
    }
    Ok(found)
}
