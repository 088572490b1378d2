//! Notices that don't leave: `mail.transport = "none"`.

use async_trait::async_trait;
use berth_model::{Notice, Notices, Result};

/// Logs that there would have been one.
pub(super) struct NoNotices;

#[async_trait]
impl Notices for NoNotices {
    async fn send(&self, notice: &Notice) -> Result<()> {
        let kind = notice.body.kind();
        tracing::info!(operation = %notice.operation_id, %kind, "a notice was not sent: no mail is set up");
        Ok(())
    }
}
