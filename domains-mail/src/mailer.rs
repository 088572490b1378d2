//! Sends a notice: makes it a mail and hands it over.

use std::time::Duration;

use berth_model::{EmailAddress, Error, Notice, Result};
use tokio::time::timeout;

use crate::{
    message::{Provider, compose},
    transport::{SendError, Transport, TransportConfig},
};

/// The longest that handing a mail over may take, however slowly the server answers each command.
pub(crate) const SEND_LIMIT: Duration = Duration::from_secs(120);

/// Sends notices by mail.
#[derive(Debug)]
pub struct Mailer {
    provider: Provider,
    transport: Transport,
}

/// Why a mail was not handed over.
#[derive(Debug)]
pub struct Refusal {
    /// It will never be taken: trying again is useless.
    pub is_final: bool,
    /// For the log.
    pub cause: Error,
}

impl Mailer {
    /// A mailer that writes as `from_name <from>` where a notice has no brand. Connects with each
    /// notice, not here.
    ///
    /// Errors: a certificate of the configuration that can't be read.
    pub fn new(from_name: &str, from: &EmailAddress, config: &TransportConfig) -> Result<Self> {
        Ok(Self {
            provider: Provider {
                name: from_name.to_owned(),
                email: from.clone(),
            },
            transport: Transport::new(config)?,
        })
    }

    /// Hands a notice over. Where the outcome is unknown, such as after a connection that broke, it
    /// counts as not handed over: the same mail twice, under one Message-ID, is better than none.
    pub async fn send(&self, notice: &Notice) -> Result<(), Refusal> {
        let message = compose(&self.provider, notice).map_err(|cause| Refusal {
            is_final: true,
            cause,
        })?;
        match timeout(SEND_LIMIT, self.transport.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(SendError { is_final, cause })) => Err(Refusal {
                is_final,
                cause: Error::internal(cause),
            }),
            Err(_) => Err(Refusal {
                is_final: false,
                cause: Error::internal("the mail server took too long"),
            }),
        }
    }

    /// What was sent by [`TransportConfig::Memory`], as it would go over the wire. Empty for
    /// others.
    pub async fn sent(&self) -> Vec<String> {
        self.transport.sent().await
    }
}

#[cfg(test)]
mod tests;
