//! What notices say: a file for each kind, in plain English. Greeting and signature come from
//! outside.

mod degraded;
mod deleted;
mod purged;
mod refused;
mod running;

use berth_model::{DeploymentEvent, DeploymentNotice};

/// A notice in words.
pub(crate) struct Text {
    /// One line.
    pub(crate) subject: String,
    /// Without greeting and signature.
    pub(crate) paragraphs: Vec<String>,
}

/// The words of a notice.
pub(crate) fn text(notice: &DeploymentNotice) -> Text {
    match &notice.event {
        DeploymentEvent::Running {
            administrator_username,
        } => running::text(notice, administrator_username),
        DeploymentEvent::Degraded { reason } => degraded::text(notice, reason),
        DeploymentEvent::Refused { reason } => refused::text(notice, reason),
        DeploymentEvent::Deleted { retain_until } => deleted::text(notice, *retain_until),
        DeploymentEvent::Purged => purged::text(notice),
    }
}
