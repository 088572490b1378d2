//! Sends notices: one mail for each recipient, so that nobody sees who else gets it.

use std::sync::Arc;

use async_trait::async_trait;
use berth_model::{
    Clock, DeploymentNotice, EmailAddress, Error, ErrorCode, Notices, Recipient, Result,
};
use lettre::message::Mailbox;

use crate::{
    message::{compose, mailbox},
    transport::{Transport, TransportConfig},
};

const NOTICES: &str = "berth_notices_total";

/// Says what each metric of this room means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    metrics::describe_counter!(NOTICES, "Mails of notices, by kind and outcome.");
}

/// Sends notices by mail.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
    clock: Arc<dyn Clock>,
}

impl Mailer {
    /// A mailer that writes as `from_name <from>`. Connects with each notice, not here.
    ///
    /// Errors: a certificate or folder of the configuration that can't be read.
    pub fn new(
        from_name: &str,
        from: &EmailAddress,
        config: &TransportConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let from = mailbox(from_name, from)?;
        Ok(Self {
            from,
            transport: Transport::new(config)?,
            clock,
        })
    }

    /// What was sent by [`TransportConfig::Memory`], as it would go over the wire. Empty for
    /// others.
    pub async fn sent(&self) -> Vec<String> {
        self.transport.sent().await
    }
}

#[async_trait]
impl Notices for Mailer {
    async fn send(&self, notice: &DeploymentNotice, recipients: &[Recipient]) -> Result<()> {
        let kind = notice.event.kind().as_str();
        let mut failure = None;
        for recipient in recipients {
            let message = compose(&self.from, notice, recipient, self.clock.now())?;
            let outcome = self.transport.send(message).await;
            let label = if outcome.is_ok() { "sent" } else { "failed" };
            metrics::counter!(NOTICES, "kind" => kind, "outcome" => label).increment(1);
            if let Err(cause) = outcome {
                // The others shall have theirs, whatever one mail server thinks of one address.
                tracing::warn!(operation = %notice.operation_id, kind, %cause, "a notice was not sent");
                failure = Some(cause);
            }
        }
        failure.map_or(Ok(()), |cause| Err(refused(cause)))
    }
}

fn refused(cause: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::new(
        ErrorCode::Unavailable,
        "The mail server did not take a notice. It is tried again.",
    )
    .because(cause)
}

#[cfg(test)]
mod tests;
