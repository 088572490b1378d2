//! Why a machine was chosen and the others were not.

use berth_model::{Error, Explanation, OperationId, Result, Timestamp, policy, policy::Action};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Claim, Cx, Store,
    error::{internal, not_found},
    schema::{operations, placements},
    tx::Tx,
};

impl Store {
    /// Keeps the explanation of the operation's latest placement decision.
    pub async fn operation_explain(&self, claim: &Claim, explanation: &Explanation) -> Result<()> {
        let json = serde_json::to_value(explanation).map_err(Error::internal)?;
        let now = self.clock.now();
        let mut tx = self.begin_work(claim).await?;
        let written = async {
            self.claim_hold(&mut tx, claim).await?;
            explanation_write(&mut tx, claim, &json, now).await
        }
        .await;
        tx.end(written).await
    }

    /// The explanation of the operation's latest placement decision, if it made one. For the
    /// provider; storefronts are told how many machines got which verdict. An operator never sees
    /// machines.
    pub async fn operation_explanation(
        &self,
        cx: &Cx,
        id: OperationId,
    ) -> Result<Option<Explanation>> {
        policy::check(&cx.actor, Action::PlacementRead)?;
        let mut tx = self.begin(cx).await?;
        let found = explanation_find(&mut tx, id).await;
        let json = tx.end(found).await?;
        let read = |json| serde_json::from_value(json).map_err(Error::internal);
        let found: Option<Explanation> = json.map(read).transpose()?;
        let sees_machines = policy::check(&cx.actor, Action::FleetRead).is_ok();
        Ok(match sees_machines {
            true => found,
            false => found.map(|found| found.counted()),
        })
    }
}

/// After the claim was checked in this transaction.
pub(crate) async fn explanation_write(
    tx: &mut Tx,
    claim: &Claim,
    json: &serde_json::Value,
    now: Timestamp,
) -> Result<()> {
    diesel::insert_into(placements::table)
        .values((
            placements::tenant_id.eq(claim.tenant_id.0),
            placements::operation_id.eq(claim.operation_id.0),
            placements::explanation.eq(json),
            placements::decided_at.eq(now),
        ))
        .on_conflict(placements::operation_id)
        .do_update()
        .set((
            placements::explanation.eq(json),
            placements::decided_at.eq(now),
        ))
        .execute(&mut **tx)
        .await
        .map(|_| ())
        .map_err(internal)
}

async fn explanation_find(tx: &mut Tx, id: OperationId) -> Result<Option<serde_json::Value>> {
    operations::table
        .find(id.0)
        .select(operations::id)
        .first::<Uuid>(&mut **tx)
        .await
        .map_err(not_found("operation"))?;
    placements::table
        .find(id.0)
        .select(placements::explanation)
        .first(&mut **tx)
        .await
        .optional()
        .map_err(internal)
}
