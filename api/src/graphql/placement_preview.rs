//! Where something would go.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use berth_model::{Hindrance, SiteId, TenantId};
use berth_placement::{NetworkNeed, Request as Asked, Room};
use berth_store::PlacementQuestion;

use super::{
    hindrance::PlacementHindrance,
    input::{count, id, id_opt},
    placement::Placement,
};
use crate::{context::request, fleet};

/// Where something would go, and what would have to change for more choice.
#[derive(SimpleObject)]
pub(crate) struct PlacementPreview {
    /// The decision as it would be made now. Nothing is changed, and nothing is held.
    placement: Placement,
    /// What would make more machines fit, the smallest change first.
    relaxations: Vec<PlacementRelaxation>,
}

/// One change that would make more machines fit.
#[derive(SimpleObject)]
pub(crate) struct PlacementRelaxation {
    /// Without this rule; of a shortage, if so much less of it were asked for.
    without: PlacementHindrance,
    /// So many more machines would fit.
    machines: i32,
}

impl PlacementRelaxation {
    fn of((without, machines): &(Hindrance, usize)) -> Self {
        Self {
            without: PlacementHindrance::of(without),
            machines: count(*machines),
        }
    }
}

/// Questions about placement.
#[derive(Default)]
pub(crate) struct PlacementPreviewQuery;

#[Object]
impl PlacementPreviewQuery {
    /// Where a new virtual machine of a plan would go now, by the code that decides. What no order could be
    /// is refused as the order would be: an application that needs more than the plan has is
    /// `INVALID_INPUT`. For the provider.
    async fn placement_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which site.")] site_id: ID,
        #[graphql(desc = "Of which plan.")] plan_id: ID,
        #[graphql(
            desc = "Whose; nobody's that has something already, if not given: the tenant's cap then doesn't matter."
        )]
        tenant_id: Option<ID>,
        #[graphql(
            desc = "What shall run there: its image needs a system disk beside the plan's data, and may be on some machines already."
        )]
        application_version_id: Option<ID>,
    ) -> Result<Option<PlacementPreview>> {
        let request = request(ctx);
        let site: SiteId = id("siteId", &site_id)?;
        let question = PlacementQuestion {
            plan_id: id("planId", &plan_id)?,
            tenant_id: id_opt("tenantId", tenant_id.as_ref())?,
            application_version_id: id_opt(
                "applicationVersionId",
                application_version_id.as_ref(),
            )?,
        };
        let (store, cx) = (&request.store, &request.cx);
        let (plan, image) = store.placement_question(cx, &question).await?;
        let asked = Asked {
            tenant_id: question.tenant_id.unwrap_or(TenantId::PLATFORM),
            site_id: site,
            room: Room {
                memory_bytes: plan.memory_bytes,
                vcpus: i64::from(plan.vcpus),
                disk_bytes: plan.data_bytes + image.as_ref().map_or(0, |of| of.virtual_bytes),
            },
            network: NetworkNeed::Any,
            held: None,
        };
        let image = image.map(|image| image.id);
        let answered = fleet::ask(request, site, image, move |platform| {
            (platform.preview(&asked), platform.relaxations(&asked))
        });
        let (explanation, relaxations) = answered.await?;
        Ok(Some(PlacementPreview {
            placement: Placement(explanation),
            relaxations: relaxations.iter().map(PlacementRelaxation::of).collect(),
        }))
    }
}
