//! What notices say: a file for each kind, in plain English. Greeting and signature come from
//! outside.

mod degraded;
mod deleted;
mod purged;
mod refused;
mod running;

use berth_model::{Notice, NoticeBody};

/// A notice in words.
pub(crate) struct Text {
    /// One line.
    pub(crate) subject: String,
    /// Without greeting and signature.
    pub(crate) paragraphs: Vec<String>,
}

/// The words of a notice.
pub(crate) fn text(notice: &Notice) -> Text {
    match &notice.body {
        NoticeBody::DeploymentRunning {
            administrator_username,
        } => running::text(notice, administrator_username),
        NoticeBody::DeploymentDegraded { reason } => degraded::text(notice, reason),
        NoticeBody::DeploymentRefused { reason } => refused::text(notice, reason),
        NoticeBody::DeploymentDeleted { retain_until } => deleted::text(notice, *retain_until),
        NoticeBody::DeploymentPurged => purged::text(notice),
    }
}
