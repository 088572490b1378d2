//! Ordering a deployment: the row, its place (a virtual machine and volumes), its secret, its
//! operation.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use berth_model::{
    ApplicationVersion, Deployment, DeploymentCreate, DeploymentId, DeploymentState, DesiredState,
    Error, Operation, OperationId, OperationKind, Plan, Result, VirtualMachineId, options_check,
    policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{DeploymentRow, fit::plan_fits, place};
use crate::{
    Cx, Store,
    application_version::ApplicationVersionRow,
    check,
    error::already_exists,
    idempotency::Begun,
    offer::{application_sold, plan_sold},
    plan::PlanRow,
    queue::{NewOperation, OperationRow, Subject},
    schema::deployments,
    secret::ADMINISTRATOR_PASSWORD,
    tenant::TenantRow,
    tx::Tx,
};

const NAME: &str = "deploymentCreate";

/// What an order is made of, looked up and checked.
struct Order<'a> {
    input: &'a DeploymentCreate,
    version: ApplicationVersion,
    plan: Plan,
    options: serde_json::Value,
}

impl Store {
    /// Orders a deployment: it is desired to run, and the operation will make it so.
    pub async fn deployment_create(
        &self,
        cx: &Cx,
        input: DeploymentCreate,
    ) -> Result<(Deployment, Operation)> {
        policy::check(&cx.actor, Action::DeploymentOrder)?;
        input_check(&input)?;
        let mut tx = self.begin(cx).await?;
        let made = self.deployment_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn deployment_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &DeploymentCreate,
    ) -> Result<(Deployment, Operation)> {
        let tenant_id = input.tenant_id;
        TenantRow::lock(tx, tenant_id)
            .await
            .map_err(|error| error.at("tenantId"))?;
        let begun = self
            .idempotency_begin(tx, cx, tenant_id, NAME, input)
            .await?;
        if let Begun::Replay(made) = begun {
            let (id, operation_id): (DeploymentId, OperationId) = made;
            let deployment = DeploymentRow::read(tx, id).await?;
            return Ok((deployment, OperationRow::read(tx, operation_id).await?));
        }
        let order = order(tx, input).await?;
        let site_id = place::site(tx, input.site_id).await?;
        let vm = self
            .vm_take(tx, tenant_id, site_id, &order.version, &order.plan)
            .await?;
        let id = self.deployment_insert(tx, &order, vm).await?;
        self.data_volume_insert(tx, tenant_id, vm, id, order.plan.data_bytes)
            .await?;
        let password = BASE64_URL_SAFE_NO_PAD.encode(self.ids.bytes::<18>());
        self.secret_seal(tx, tenant_id, id, ADMINISTRATOR_PASSWORD, &password)
            .await?;
        let new = NewOperation {
            tenant_id,
            kind: OperationKind::DeploymentCreate,
            subject: Subject::Deployment(id),
            lock_key: vm.0,
        };
        let operation = self.operation_enqueue(tx, cx, new).await?;
        self.mutation_end(tx, cx, tenant_id, NAME, &(id, operation.id), id)
            .await?;
        Ok((DeploymentRow::read(tx, id).await?, operation))
    }

    async fn deployment_insert(
        &self,
        tx: &mut Tx,
        order: &Order<'_>,
        vm: VirtualMachineId,
    ) -> Result<DeploymentId> {
        let input = order.input;
        let id: DeploymentId = self.ids.next();
        let now = self.clock.now();
        diesel::insert_into(deployments::table)
            .values((
                deployments::id.eq(id.0),
                deployments::tenant_id.eq(input.tenant_id.0),
                deployments::application_version_id.eq(order.version.id.0),
                deployments::plan_id.eq(order.plan.id.0),
                deployments::virtual_machine_id.eq(vm.0),
                deployments::name.eq(&input.name),
                deployments::domain_name.eq(input.domain_name.as_str()),
                deployments::external_id.eq(&input.external_id),
                deployments::options.eq(&order.options),
                deployments::administrator_username.eq(&input.administrator_username),
                deployments::administrator_email.eq(input.administrator_email.as_str()),
                deployments::desired_state.eq(DesiredState::Running.as_str()),
                deployments::state.eq(DeploymentState::Ordered.as_str()),
                deployments::created_at.eq(now),
                deployments::updated_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[
                // The same words whoever has the name: who it is, is nobody's business.
                (
                    "deployments_domain_name",
                    "domainName",
                    "A deployment of this domain name exists already. Choose another name.",
                ),
                (
                    "deployments_external_id",
                    "externalId",
                    "The tenant has a deployment of this external id. Use that one, or another id.",
                ),
            ]))?;
        Ok(id)
    }
}

async fn order<'a>(tx: &mut Tx, input: &'a DeploymentCreate) -> Result<Order<'a>> {
    let version = ApplicationVersionRow::read(tx, input.application_version_id)
        .await
        .map_err(|error| error.at("applicationVersionId"))?;
    let plan = PlanRow::read(tx, input.plan_id)
        .await
        .map_err(|error| error.at("planId"))?;
    application_sold(tx, version.application_id).await?;
    plan_sold(tx, plan.id).await?;
    plan_fits(&plan, &version)?;
    let options = options_check(&version.options, &input.options)?;
    let options = serde_json::to_value(options).map_err(Error::internal)?;
    Ok(Order {
        input,
        version,
        plan,
        options,
    })
}

fn input_check(input: &DeploymentCreate) -> Result<()> {
    check::text("name", &input.name, 100)?;
    check::text_opt("externalId", input.external_id.as_deref(), 200)?;
    let mut bytes = input.administrator_username.bytes();
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-')
    };
    let named = (1..=64).contains(&input.administrator_username.len())
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(plain);
    if named {
        Ok(())
    } else {
        Err(Error::invalid(
            "administratorUsername",
            "Give 1 to 64 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter.",
        ))
    }
}
