//! Notices: what Berth tells the people of a tenant by mail. Who sends them is behind a port, so that
//! the rooms that cause a notice know no mail server.

use async_trait::async_trait;

use crate::{DomainName, EmailAddress, OperationId, Result, Timestamp, states::states};

states! {
    /// What happened. A notice is sent once for each operation and kind.
    pub enum NoticeKind {
        /// It runs for the first time, or again after a restore: where to sign in, without a password.
        DeploymentRunning = "DEPLOYMENT_RUNNING",
        /// It should run and doesn't.
        DeploymentDegraded = "DEPLOYMENT_DEGRADED",
        /// There was no room for it.
        DeploymentRefused = "DEPLOYMENT_REFUSED",
        /// It is gone, and can be restored until a date.
        DeploymentDeleted = "DEPLOYMENT_DELETED",
        /// Its data is gone too.
        DeploymentPurged = "DEPLOYMENT_PURGED",
    }
}

/// What a notice tells beside the deployment's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeBody {
    /// Of [`NoticeKind::DeploymentRunning`].
    DeploymentRunning {
        /// Who signs in first. The password is never in a mail: it is fetched from the storefront.
        administrator_username: String,
    },
    /// Of [`NoticeKind::DeploymentDegraded`].
    DeploymentDegraded {
        /// A public message ([`crate::Error::message`]).
        reason: String,
    },
    /// Of [`NoticeKind::DeploymentRefused`].
    DeploymentRefused {
        /// A public message ([`crate::Error::message`]).
        reason: String,
    },
    /// Of [`NoticeKind::DeploymentDeleted`].
    DeploymentDeleted {
        /// Until when it can be restored.
        retain_until: Timestamp,
    },
    /// Of [`NoticeKind::DeploymentPurged`].
    DeploymentPurged,
}

/// Somebody who gets a notice: a member of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// For the greeting.
    pub name: String,
    /// Where it goes.
    pub email: EmailAddress,
}

/// A notice about a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The operation that caused it. The Message-ID is made from it, so that a notice that is sent
    /// again after a crash is recognised as the same mail.
    pub operation_id: OperationId,
    /// The owners and administrators of the tenant.
    pub recipients: Vec<Recipient>,
    /// The deployment's name.
    pub deployment: String,
    /// The deployment's domain name.
    pub domain_name: DomainName,
    /// The application's name.
    pub application: String,
    /// What happened.
    pub body: NoticeBody,
}

impl NoticeBody {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> NoticeKind {
        match self {
            Self::DeploymentRunning { .. } => NoticeKind::DeploymentRunning,
            Self::DeploymentDegraded { .. } => NoticeKind::DeploymentDegraded,
            Self::DeploymentRefused { .. } => NoticeKind::DeploymentRefused,
            Self::DeploymentDeleted { .. } => NoticeKind::DeploymentDeleted,
            Self::DeploymentPurged => NoticeKind::DeploymentPurged,
        }
    }
}

/// The port that notices leave through.
#[async_trait]
pub trait Notices: Send + Sync {
    /// Sends a notice to each of its recipients. An error means that one of them may not have got it;
    /// sending the same notice again is fine.
    async fn send(&self, notice: &Notice) -> Result<()>;
}
