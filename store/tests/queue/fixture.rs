//! What every test here begins with.

use berth_model::{Actor, Caller, Operation, OperationKind, Role, TenantId};
use berth_store::{
    Claim, ClaimRequest, Cx, Store,
    testing::{QueueDeployment, QueueFixture, TestDatabase},
};
use chrono::TimeDelta;

pub const LEASE: TimeDelta = TimeDelta::seconds(30);

/// A database with an empty queue and a tenant.
pub struct Queue {
    pub database: TestDatabase,
    pub store: Store,
    pub work: QueueFixture,
    pub tenant: TenantId,
}

impl Queue {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let store = database.store.clone();
        let work = QueueFixture::new(store.clone()).await.unwrap();
        let tenant = work.tenant().await.unwrap();
        Self {
            database,
            store,
            work,
            tenant,
        }
    }

    /// A deployment of the tenant, and an operation on it, ordered by the tenant itself.
    pub async fn ordered(&self, kind: OperationKind) -> (QueueDeployment, Operation) {
        let deployment = self.work.deployment(self.tenant).await.unwrap();
        (deployment, self.enqueue(deployment, kind).await)
    }

    pub async fn enqueue(&self, deployment: QueueDeployment, kind: OperationKind) -> Operation {
        let cx = owner(deployment.tenant_id);
        self.work.enqueue(&cx, deployment, kind).await.unwrap()
    }

    pub async fn claim(&self, worker: &str) -> Option<(Operation, Claim)> {
        self.claim_limited(worker, 100).await
    }

    pub async fn claim_limited(
        &self,
        worker: &str,
        per_tenant_limit: i64,
    ) -> Option<(Operation, Claim)> {
        let kinds = OperationKind::ALL;
        let request = ClaimRequest {
            worker,
            lease: LEASE,
            kinds,
            per_tenant_limit,
        };
        self.store.operation_claim(&request).await.unwrap()
    }

    pub fn later(&self, by: TimeDelta) {
        self.database.clock.advance(by);
    }
}

/// A tenant's owner.
pub fn owner(tenant: TenantId) -> Cx {
    Cx::new(Actor::new(Caller::Tenant(tenant, Role::Owner)))
}

/// A worker, which sees everything.
pub fn worker() -> Cx {
    Cx::worker("test")
}
