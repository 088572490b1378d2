//! What a question about a placement is about: checked as an order is.

use berth_model::{
    ApplicationVersionId, Image, Plan, PlanId, Result, TenantId, policy, policy::Action,
};

use crate::{
    Cx, Store, application_version::ApplicationVersionRow, deployment::plan_fits, image::ImageRow,
    plan::PlanRow, tenant::TenantRow, tx::Tx,
};

/// What would be ordered.
#[derive(Clone, Copy, Debug)]
pub struct PlacementQuestion {
    /// Of which plan.
    pub plan_id: PlanId,
    /// By whom; none: by nobody that is there yet.
    pub tenant_id: Option<TenantId>,
    /// What shall run; none: anything that fits the plan.
    pub application_version_id: Option<ApplicationVersionId>,
}

impl Store {
    /// The plan, and the image that would run. Refused as the order would be if the application needs
    /// more than the plan has.
    pub async fn placement_question(
        &self,
        cx: &Cx,
        asked: &PlacementQuestion,
    ) -> Result<(Plan, Option<Image>)> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut tx = self.begin(cx).await?;
        let found = question_read(&mut tx, asked).await;
        tx.end(found).await
    }
}

async fn question_read(tx: &mut Tx, asked: &PlacementQuestion) -> Result<(Plan, Option<Image>)> {
    let plan = PlanRow::read(tx, asked.plan_id).await;
    let plan = plan.map_err(|error| error.at("planId"))?;
    if let Some(tenant) = asked.tenant_id {
        let tenant = TenantRow::read(tx, tenant).await;
        tenant.map_err(|error| error.at("tenantId"))?;
    }
    let Some(version) = asked.application_version_id else {
        return Ok((plan, None));
    };
    let version = ApplicationVersionRow::read(tx, version).await;
    let version = version.map_err(|error| error.at("applicationVersionId"))?;
    plan_fits(&plan, &version)?;
    let image = ImageRow::read(tx, version.image_id).await?;
    Ok((plan, Some(image)))
}
