//! What the provider wants of every placement: one row.

use berth_model::{
    Error, FAILURES_MOST, PlacementPolicy, Result, TenantId, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Cx, Store, check, error::internal, idempotency::Begun, schema::placement_policy, tx::Tx,
};

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

pub(crate) async fn policy_read(tx: &mut Tx) -> Result<PlacementPolicy> {
    let row: PolicyRow = placement_policy::table
        .select(PolicyRow::as_select())
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    row.try_into()
}
