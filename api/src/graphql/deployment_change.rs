//! What can be done with a deployment that is there. Each answers at once with the operation that
//! does it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;

use super::{
    deployment::Deployment,
    input::id,
    operation::Operation,
    payload::{UserError, about, settle},
};
use crate::context::{Request, request};

/// Declares the input and the payload of a change: `change!(Input, Payload, "what", { more fields
/// })`.
macro_rules! change {
    ($input:ident, $payload:ident, $what:literal, { $($fields:tt)* }) => {
        #[doc = concat!("Which deployment to ", $what, ".")]
        #[derive(InputObject)]
        pub(crate) struct $input {
            /// The caller's own name for this request: repeated with it, the request has one
            /// effect.
            idempotency_key: String,
            /// Which deployment.
            deployment_id: ID,
            $($fields)*
        }

        #[doc = concat!("What came of the request to ", $what, " a deployment.")]
        #[derive(SimpleObject)]
        pub(crate) struct $payload {
            /// The deployment, as it is now wanted.
            deployment: Option<Deployment>,
            /// What makes it so; follow it with `operationUpdated`.
            operation: Option<Operation>,
            /// Why nothing was changed.
            user_errors: Vec<UserError>,
        }

        impl $payload {
            fn of(result: Changed) -> Result<Self> {
                let (made, user_errors) = settle(result.map_err(about("deploymentId")))?;
                let (deployment, operation) = made.unzip();
                Ok(Self {
                    deployment: deployment.map(Deployment),
                    operation: operation.map(Operation),
                    user_errors,
                })
            }
        }
    };
}

type Changed = model::Result<(model::Deployment, model::Operation)>;

change!(DeploymentStopInput, DeploymentStopPayload, "stop", {});
change!(DeploymentStartInput, DeploymentStartPayload, "start", {});
change!(
    DeploymentRestartInput,
    DeploymentRestartPayload,
    "restart",
    {}
);
change!(DeploymentResizeInput, DeploymentResizePayload, "resize", {
    /// Its new plan: of the same hosting, and with no less data.
    plan_id: ID,
});
change!(DeploymentDeleteInput, DeploymentDeletePayload, "delete", {
    /// How many days its data is kept and it can be restored: 0 to 365.
    #[graphql(default = 30)]
    retention_days: i32,
});
change!(
    DeploymentRestoreInput,
    DeploymentRestorePayload,
    "restore",
    {}
);
change!(DeploymentRepairInput, DeploymentRepairPayload, "repair", {});
change!(
    DeploymentRebuildInput,
    DeploymentRebuildPayload,
    "rebuild",
    {}
);

/// A method of the store that changes a deployment, with its idempotency key: `changed!(ctx, input,
/// f)`.
macro_rules! changed {
    ($ctx:ident, $input:ident, $function:ident $(, $more:expr)*) => {
        async {
            let request: &Request = request($ctx);
            let cx = request.cx_with_key(&$input.idempotency_key)?;
            let deployment_id = id("deploymentId", &$input.deployment_id)?;
            request.store.$function(&cx, deployment_id $(, $more)*).await
        }
        .await
    };
}

/// Changes of deployments.
#[derive(Default)]
pub(crate) struct DeploymentChangeMutation;

#[Object]
impl DeploymentChangeMutation {
    /// Stops it. It keeps its place and its data.
    async fn deployment_stop(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeploymentStopInput,
    ) -> Result<DeploymentStopPayload> {
        DeploymentStopPayload::of(changed!(ctx, input, deployment_stop))
    }

    /// Starts it again.
    async fn deployment_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeploymentStartInput,
    ) -> Result<DeploymentStartPayload> {
        DeploymentStartPayload::of(changed!(ctx, input, deployment_start))
    }

    /// Switches it off and on.
    async fn deployment_restart(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeploymentRestartInput,
    ) -> Result<DeploymentRestartPayload> {
        DeploymentRestartPayload::of(changed!(ctx, input, deployment_restart))
    }

    /// Gives it another plan.
    async fn deployment_resize(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and which plan.")] input: DeploymentResizeInput,
    ) -> Result<DeploymentResizePayload> {
        DeploymentResizePayload::of(changed!(
            ctx,
            input,
            deployment_resize,
            id("planId", &input.plan_id)?
        ))
    }

    /// Deletes it. Its data is kept for a while, and it can be restored until then.
    async fn deployment_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how long its data is kept.")] input: DeploymentDeleteInput,
    ) -> Result<DeploymentDeletePayload> {
        DeploymentDeletePayload::of(changed!(
            ctx,
            input,
            deployment_delete,
            Some(input.retention_days)
        ))
    }

    /// Brings a deleted one back, with its data.
    async fn deployment_restore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeploymentRestoreInput,
    ) -> Result<DeploymentRestorePayload> {
        DeploymentRestorePayload::of(changed!(ctx, input, deployment_restore))
    }

    /// Makes it as it should be: tries again what was refused or failed.
    async fn deployment_repair(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeploymentRepairInput,
    ) -> Result<DeploymentRepairPayload> {
        DeploymentRepairPayload::of(changed!(ctx, input, deployment_repair))
    }

    /// Gives it a new system disk. Its data stays.
    async fn deployment_rebuild(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeploymentRebuildInput,
    ) -> Result<DeploymentRebuildPayload> {
        DeploymentRebuildPayload::of(changed!(ctx, input, deployment_rebuild))
    }
}
