//! Racks.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model::Timestamp;

use super::{
    input::id,
    noun::{get, global, noun},
    payload::{UserError, settle},
    site::Site,
};
use crate::context::{Request, request};

noun!(Rack, RackId);

/// Machines that fail together.
#[Object]
impl Rack {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// In which site.
    async fn site(&self, ctx: &Context<'_>) -> Result<Site> {
        get(ctx, self.0.site_id).await
    }

    /// For people, unique in its site.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// A new rack.
#[derive(InputObject)]
pub(crate) struct RackCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// In which site.
    site_id: ID,
    /// 1 to 100 characters, unique in the site.
    name: String,
}

/// What `rackCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct RackCreatePayload {
    /// The rack.
    rack: Option<Rack>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of racks.
#[derive(Default)]
pub(crate) struct RackMutation;

#[Object]
impl RackMutation {
    /// Makes a rack. For the provider.
    async fn rack_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new rack.")] input: RackCreateInput,
    ) -> Result<RackCreatePayload> {
        let (rack, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(RackCreatePayload {
            rack: rack.map(Rack),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: RackCreateInput,
) -> berth_model::Result<berth_model::Rack> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    request
        .store
        .rack_create(&cx, id("siteId", &input.site_id)?, input.name)
        .await
}
