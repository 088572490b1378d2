//! What the provider wants of every placement: one row.

use berth_model::{
    Error, FAILURES_MOST, PlacementPolicy, Result, Site, TenantId, policy, policy::Action,
};
use diesel::{prelude::*, sql_query, sql_types::Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::internal,
    idempotency::Begun,
    schema::{placement_policy, sites},
    site::SiteRow,
    tx::Tx,
};

#[derive(QueryableByName)]
struct TooSmall {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// A site without a machine that takes anything sells nothing in any case.
const TOO_SMALL: &str = "
    SELECT r.site_id AS id
    FROM placement_policy p CROSS JOIN machines m JOIN racks r ON r.id = m.rack_id
    WHERE p.survive IS NOT NULL AND m.state = 'ACTIVE' AND m.unreachable_since IS NULL
    GROUP BY r.site_id, p.survive, p.failures
    HAVING count(DISTINCT CASE p.survive WHEN 'RACK' THEN r.id ELSE m.id END) <= p.failures";

#[derive(Queryable, Selectable)]
#[diesel(table_name = placement_policy)]
struct PolicyRow {
    survive: Option<String>,
    failures: i32,
    tenant_cap: Option<i32>,
    is_spread: bool,
}

impl TryFrom<PolicyRow> for PlacementPolicy {
    type Error = Error;

    fn try_from(row: PolicyRow) -> Result<Self> {
        Ok(Self {
            survive: row.survive.map(|domain| domain.parse()).transpose()?,
            failures: row.failures,
            tenant_cap: row.tenant_cap,
            is_spread: row.is_spread,
        })
    }
}

impl Store {
    /// What is wanted now.
    pub async fn placement_policy(&self, cx: &Cx) -> Result<PlacementPolicy> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut tx = self.begin(cx).await?;
        let found = policy_read(&mut tx).await;
        tx.end(found).await
    }

    /// Sites in which the policy lets nothing be placed, whatever is free: what a failure ends is
    /// restarted in another failure domain, and there are none left where as many fail as there are.
    pub async fn placement_sites_too_small(&self, cx: &Cx) -> Result<Vec<Site>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut tx = self.begin(cx).await?;
        let found = sites_too_small(&mut tx).await;
        tx.end(found).await
    }

    /// What is wanted from now on. What runs already stays where it is; with the next placement in
    /// each site, places are found for what has none yet.
    pub async fn placement_policy_set(
        &self,
        cx: &Cx,
        wanted: PlacementPolicy,
    ) -> Result<PlacementPolicy> {
        policy::check(&cx.actor, Action::FleetWrite)?;
        let most = i32::try_from(FAILURES_MOST).unwrap_or(i32::MAX);
        check::range("failures", wanted.failures, 1, most, "")?;
        if let Some(cap) = wanted.tenant_cap {
            check::range("tenantCap", cap, 1, 10_000, "")?;
        }
        let mut tx = self.begin(cx).await?;
        let set = self.placement_policy_set_in(&mut tx, cx, wanted).await;
        tx.end(set).await
    }

    async fn placement_policy_set_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        wanted: PlacementPolicy,
    ) -> Result<PlacementPolicy> {
        const NAME: &str = "placementPolicySet";
        let begun: Begun<TenantId> = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, &wanted)
            .await?;
        if let Begun::Replay(_) = begun {
            return policy_read(tx).await;
        }
        diesel::update(placement_policy::table)
            .set((
                placement_policy::survive.eq(wanted.survive.map(|domain| domain.as_str())),
                placement_policy::failures.eq(wanted.failures),
                placement_policy::tenant_cap.eq(wanted.tenant_cap),
                placement_policy::is_spread.eq(wanted.is_spread),
                placement_policy::updated_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let of = TenantId::PLATFORM;
        self.mutation_end(tx, cx, of, NAME, &of, of).await?;
        policy_read(tx).await
    }
}

async fn sites_too_small(tx: &mut Tx) -> Result<Vec<Site>> {
    let ids: Vec<TooSmall> = sql_query(TOO_SMALL)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    let rows: Vec<SiteRow> = sites::table
        .filter(sites::id.eq_any(ids.into_iter().map(|of| of.id)))
        .order(sites::name)
        .select(SiteRow::as_select())
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(rows.into_iter().map(Site::from).collect())
}

pub(crate) async fn policy_read(tx: &mut Tx) -> Result<PlacementPolicy> {
    let row: PolicyRow = placement_policy::table
        .select(PolicyRow::as_select())
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    row.try_into()
}
