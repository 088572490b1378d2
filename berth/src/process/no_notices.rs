//! Notices that don't leave: `mail.transport = "none"`.

use async_trait::async_trait;
use berth_model::{DeploymentNotice, Notices, Recipient, Result};

/// Logs that there would have been one.
pub(super) struct NoNotices;

#[async_trait]
impl Notices for NoNotices {
    async fn send(&self, notice: &DeploymentNotice, _: &[Recipient]) -> Result<()> {
        let kind = notice.event.kind();
        tracing::info!(operation = %notice.operation_id, %kind, "a notice was not sent: no mail is set up");
        Ok(())
    }
}
