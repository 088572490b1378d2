//! `deploymentHandover`: the way into the application for its first administrator.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;

use super::{
    input::id,
    payload::{UserError, about, settle},
};
use crate::context::{Request, request};

/// Which deployment to hand over.
#[derive(InputObject)]
pub(crate) struct DeploymentHandoverInput {
    /// Repeats with the same key are one look, and only the first tells the password: to see it
    /// again, take a new key.
    idempotency_key: String,
    /// Which deployment.
    deployment_id: ID,
}

/// What the operator needs to enter the application as its first administrator.
#[derive(SimpleObject)]
pub(crate) struct Handover {
    /// User name.
    username: String,
    /// The password as first seeded. The operator should change it, and may have. Nothing when the
    /// idempotency key was used before.
    initial_password: Option<String>,
}

/// The way in, or why not.
#[derive(SimpleObject)]
pub(crate) struct DeploymentHandoverPayload {
    /// The way in.
    handover: Option<Handover>,
    /// Why it isn't told.
    user_errors: Vec<UserError>,
}

/// Handing over.
#[derive(Default)]
pub(crate) struct DeploymentHandoverMutation;

#[Object]
impl DeploymentHandoverMutation {
    /// Tells the first administrator's initial password. The audit log keeps that it was told, and
    /// to whom.
    async fn deployment_handover(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeploymentHandoverInput,
    ) -> Result<DeploymentHandoverPayload> {
        let (handover, user_errors) = settle(handover(request(ctx), &input).await)?;
        let handover = handover.map(|handover| Handover {
            username: handover.username,
            initial_password: handover.initial_password,
        });
        Ok(DeploymentHandoverPayload {
            handover,
            user_errors,
        })
    }
}

async fn handover(
    request: &Request,
    input: &DeploymentHandoverInput,
) -> model::Result<model::Handover> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let deployment_id = id("deploymentId", &input.deployment_id)?;
    let handover = request.store.deployment_handover(&cx, deployment_id).await;
    handover.map_err(about("deploymentId"))
}
