//! Deployments: a tenant's instances of applications.

use serde::Serialize;

use crate::{
    ApplicationVersionId, DeploymentId, DomainName, EmailAddress, Options, PlanId, SiteId,
    TenantId, Timestamp, VirtualMachineId, states::states,
};

states! {
    /// What the operator wants.
    pub enum DesiredState {
        /// It runs.
        Running = "RUNNING",
        /// It stands still and keeps its place.
        Stopped = "STOPPED",
        /// It is gone, and its data stays until the retention time ends.
        Deleted = "DELETED",
        /// Nothing of it stays.
        Purged = "PURGED",
    }
}

states! {
    /// What was last found to be so.
    pub enum DeploymentState {
        /// Accepted; nothing is made yet.
        Ordered = "ORDERED",
        /// Being made or changed.
        Provisioning = "PROVISIONING",
        /// Healthy.
        Running = "RUNNING",
        /// Stopped, as wanted.
        Stopped = "STOPPED",
        /// It should run and doesn't, or isn't healthy. Retry or delete it.
        Degraded = "DEGRADED",
        /// There was no room for it. Nothing is made; retry or delete it.
        Refused = "REFUSED",
        /// Gone; its data is kept until the retention time ends, and it can be restored.
        Deleted = "DELETED",
        /// Nothing of it is left.
        Purged = "PURGED",
    }
}

/// A tenant's instance of an application version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Of which release.
    pub application_version_id: ApplicationVersionId,
    /// How large.
    pub plan_id: PlanId,
    /// On what.
    pub virtual_machine_id: VirtualMachineId,
    /// For people.
    pub name: String,
    /// The name it is known by to the world. Can't change: federation depends on it.
    pub domain_name: DomainName,
    /// The storefront's own number for it.
    pub external_id: Option<String>,
    /// Checked and with defaults.
    pub options: Options,
    /// The first administrator's user name.
    pub administrator_username: String,
    /// The first administrator's address.
    pub administrator_email: EmailAddress,
    /// What the operator wants.
    pub desired_state: DesiredState,
    /// What was last found.
    pub state: DeploymentState,
    /// A deleted one keeps its data until then.
    pub retain_until: Option<Timestamp>,
    /// When it was healthy for the first time. From then on no cancel undoes it.
    pub healthy_at: Option<Timestamp>,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When desired or found state last changed.
    pub updated_at: Timestamp,
}

/// What `deploymentCreate` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeploymentCreate {
    /// For whom.
    pub tenant_id: TenantId,
    /// Which release.
    pub application_version_id: ApplicationVersionId,
    /// How large.
    pub plan_id: PlanId,
    /// Where; without it any site.
    pub site_id: Option<SiteId>,
    /// 1 to 100 characters.
    pub name: String,
    /// Free in all of Berth.
    pub domain_name: DomainName,
    /// The storefront's own number, unique in the tenant.
    pub external_id: Option<String>,
    /// As the version's option specs say.
    pub options: Options,
    /// `^[a-z][a-z0-9._-]{0,63}$`
    pub administrator_username: String,
    /// Where the application's own mail to its administrator goes.
    pub administrator_email: EmailAddress,
}

/// What the operator needs to enter the application as its first administrator.
#[derive(Clone, PartialEq, Eq)]
pub struct Handover {
    /// User name.
    pub username: String,
    /// The password as first seeded; the operator should have changed it since. None in the answer to
    /// a repeat: that never tells a secret again.
    pub initial_password: Option<String>,
}
