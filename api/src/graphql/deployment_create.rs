//! `deploymentCreate`: an order.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::message;

use super::{
    application_version::OptionInput,
    deployment::Deployment,
    input::{id, id_opt, parsed},
    operation::Operation,
    payload::{UserError, settle},
    scalars::{DomainName, EmailAddress},
};
use crate::context::{Request, request};

/// A new deployment.
#[derive(InputObject)]
pub(crate) struct DeploymentCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// For whom.
    tenant_id: ID,
    /// Which release.
    application_version_id: ID,
    /// How large.
    plan_id: ID,
    /// Where; without it any site.
    site_id: Option<ID>,
    /// For people, 1 to 100 characters.
    name: String,
    /// The name it will be known by to the world. Can't be changed later.
    domain_name: DomainName,
    /// The storefront's own number for it, unique in the tenant.
    external_id: Option<String>,
    /// As the version's option specs say.
    #[graphql(default)]
    options: Vec<OptionInput>,
    /// The first administrator's user name: `^[a-z][a-z0-9._-]{0,63}$`
    administrator_username: String,
    /// Where the application's own mail to its administrator goes.
    administrator_email: EmailAddress,
}

/// What `deploymentCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct DeploymentCreatePayload {
    /// The deployment, ordered.
    deployment: Option<Deployment>,
    /// What makes it; follow it with `operationUpdated`.
    operation: Option<Operation>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Orders.
#[derive(Default)]
pub(crate) struct DeploymentCreateMutation;

#[Object]
impl DeploymentCreateMutation {
    /// Orders a deployment.
    async fn deployment_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] input: DeploymentCreateInput,
    ) -> Result<DeploymentCreatePayload> {
        let (made, user_errors) = settle(create(request(ctx), input).await)?;
        let (deployment, operation) = made.unzip();
        Ok(DeploymentCreatePayload {
            deployment: deployment.map(Deployment),
            operation: operation.map(Operation),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: DeploymentCreateInput,
) -> model::Result<(model::Deployment, model::Operation)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::DeploymentCreate {
        tenant_id: id("tenantId", &input.tenant_id)?,
        application_version_id: id("applicationVersionId", &input.application_version_id)?,
        plan_id: id("planId", &input.plan_id)?,
        site_id: id_opt("siteId", input.site_id.as_ref())?,
        name: input.name,
        domain_name: parsed("domainName", &input.domain_name.0)?,
        external_id: input.external_id,
        options: options(input.options)?,
        administrator_username: input.administrator_username,
        administrator_email: parsed("administratorEmail", &input.administrator_email.0)?,
    };
    request.store.deployment_create(&cx, create).await
}

fn options(given: Vec<OptionInput>) -> model::Result<model::Options> {
    let mut options = model::Options::new();
    for option in given {
        let name = &option.name;
        let twice = message!("The option \"{name}\" is given twice.", name);
        if options.insert(option.name, option.value.into()).is_some() {
            return Err(model::Error::invalid("options", twice));
        }
    }
    Ok(options)
}
