//! Work for tests of the queue: tenants with deployments, and operations in any number.
//!
//! The rows are put there as they are, without the checks of the nouns that they belong to: tests
//! of the queue ask only that the references hold.

use berth_model::{
    DeploymentId, Operation, OperationId, OperationKind, Result, Scope, TenantId, VirtualMachineId,
};
use diesel_async::SimpleAsyncConnection;

use super::{NewOperation, Subject};
use crate::{Cx, Store, error::internal};

/// A catalogue with one plan and one application, for deployments to refer to.
#[derive(Clone, Debug)]
pub struct QueueFixture {
    store: Store,
    site: uuid::Uuid,
    image: uuid::Uuid,
    version: uuid::Uuid,
    plan: uuid::Uuid,
}

/// A deployment in a virtual machine of its own.
#[derive(Clone, Copy, Debug)]
pub struct QueueDeployment {
    /// Whose.
    pub tenant_id: TenantId,
    /// It.
    pub id: DeploymentId,
    /// What operations on it lock.
    pub virtual_machine_id: VirtualMachineId,
}

impl QueueFixture {
    /// Puts the catalogue there.
    pub async fn new(store: Store) -> Result<Self> {
        let [site, image, application, version, plan] = [(); 5].map(|()| store.ids.uuid());
        let fixture = Self {
            store,
            site,
            image,
            version,
            plan,
        };
        let hash = "\\x".to_owned() + &"00".repeat(32);
        fixture
            .sql(&format!(
                "INSERT INTO sites VALUES ('{site}', 'site {site}', now());
                 INSERT INTO images VALUES ('{image}', 'image {image}', '{hash}', 1, 1, 1, now());
                 INSERT INTO applications
                 VALUES ('{application}', 'a{}', 'Application', 'For tests.', now());
                 INSERT INTO application_versions VALUES ('{version}', '{application}', '1',
                     '{image}', 1, 1, 1, true, 80, '{{}}', '[]', now());
                 INSERT INTO plans
                 VALUES ('{plan}', 'p{}', 'Plan', 'OWN', 1, 1, 1, 0, 'EUR', now());",
                short(application),
                short(plan),
            ))
            .await?;
        Ok(fixture)
    }

    /// Adds a tenant.
    pub async fn tenant(&self) -> Result<TenantId> {
        let id: TenantId = self.store.ids.next();
        let sql = format!(
            "INSERT INTO tenants (id, name, created_at) VALUES ('{}', 'T', now())",
            id.0
        );
        self.sql(&sql).await.map(|()| id)
    }

    /// Adds a deployment.
    pub async fn deployment(&self, tenant_id: TenantId) -> Result<QueueDeployment> {
        let (id, vm) = (self.store.ids.next::<DeploymentId>(), self.store.ids.uuid());
        let Self {
            site,
            image,
            version,
            plan,
            ..
        } = self;
        let (tenant, deployment) = (tenant_id.0, id.0);
        self.sql(&format!(
            "INSERT INTO virtual_machines
                 (id, tenant_id, site_id, image_id, hosting, state, mac, created_at)
             VALUES ('{vm}', '{tenant}', '{site}', '{image}', 'OWN', 'PLANNED', '{vm}', now());
             INSERT INTO deployments VALUES ('{deployment}', '{tenant}', '{version}', '{plan}',
                 '{vm}', 'D', '{deployment}.example', NULL, '{{}}', 'admin', 'admin@example.org',
                 'RUNNING', 'ORDERED', NULL, now(), now());"
        ))
        .await?;
        Ok(QueueDeployment {
            tenant_id,
            id,
            virtual_machine_id: vm.into(),
        })
    }

    /// Enqueues an operation on a deployment, as `cx`.
    pub async fn enqueue(
        &self,
        cx: &Cx,
        deployment: QueueDeployment,
        kind: OperationKind,
    ) -> Result<Operation> {
        let mut operations = self.enqueue_many(cx, &[deployment], kind).await?;
        Ok(operations.remove(0))
    }

    /// Enqueues an operation on each of these deployments, in one transaction.
    pub async fn enqueue_many(
        &self,
        cx: &Cx,
        deployments: &[QueueDeployment],
        kind: OperationKind,
    ) -> Result<Vec<Operation>> {
        let mut tx = self.store.begin(cx).await?;
        let mut operations = Vec::new();
        for deployment in deployments {
            let new = NewOperation {
                tenant_id: deployment.tenant_id,
                kind,
                subject: Subject::Deployment(deployment.id),
                lock_key: deployment.virtual_machine_id.0,
            };
            operations.push(self.store.operation_enqueue(&mut tx, cx, new).await?);
        }
        tx.commit().await?;
        Ok(operations)
    }

    /// Makes the deployment's unfinished operations needless, as `cx`.
    pub async fn supersede(&self, cx: &Cx, deployment: QueueDeployment) -> Result<()> {
        let mut tx = self.store.begin(cx).await?;
        let superseded = self.store.operation_supersede(&mut tx, deployment.id).await;
        tx.end(superseded).await
    }

    /// Whether the operation's events are numbered from 1 without gaps up to its last.
    pub async fn events_are_whole(&self, id: OperationId) -> Result<bool> {
        let cx = Cx::worker("test");
        let mut after = 0;
        loop {
            let events = self.store.operation_events(&cx, id, after, 100).await?;
            if events.is_empty() {
                let operation = self.store.operation_get(&cx, id).await?;
                return Ok(after == operation.last_event);
            }
            for event in events {
                if event.number != after + 1 {
                    return Ok(false);
                }
                after = event.number;
            }
        }
    }

    async fn sql(&self, sql: &str) -> Result<()> {
        let mut tx = self
            .store
            .begin_scope(Scope::Worker, &Cx::worker("test"))
            .await?;
        let done = tx.batch_execute(sql).await.map_err(internal);
        tx.end(done).await
    }
}

/// Enough of an id for a short unique name.
fn short(id: uuid::Uuid) -> String {
    id.simple().to_string().split_off(12)
}
