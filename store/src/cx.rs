//! What a call brings with it: who asks, and which request it belongs to.

use std::net::IpAddr;

use berth_model::{Actor, Error, Result};

use crate::AuditLine;

/// The context of a call.
#[derive(Clone, Debug)]
pub struct Cx {
    /// Who asks.
    pub actor: Actor,
    /// The request, for logs and the audit log.
    pub request_id: Option<String>,
    /// For mutations: repeats with the same key answer with what the first one made.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The address that the request came from, for the audit log.
    pub remote: Option<IpAddr>,
    /// What the caller's program calls itself, for the audit log; at most 200 characters.
    pub user_agent: Option<String>,
    /// What the audit log calls the caller, where its actor has no name of its own.
    pub alias: Option<String>,
    /// The line of the audit log that was opened for what is done.
    pub audit: Option<AuditLine>,
}

impl Cx {
    /// For an actor.
    #[must_use]
    pub fn new(actor: Actor) -> Self {
        Self {
            actor,
            request_id: None,
            idempotency_key: None,
            remote: None,
            user_agent: None,
            alias: None,
            audit: None,
        }
    }

    /// For a worker.
    #[must_use]
    pub fn worker(name: &str) -> Self {
        Self::new(Actor::worker(name))
    }

    /// For who runs a command on the provider's own machine: the provider, by the name of its user.
    #[must_use]
    pub fn command_line(user: &str) -> Self {
        Self {
            alias: Some(format!("cli/{user}")),
            ..Self::new(Actor::platform())
        }
    }

    /// What the audit log calls the caller.
    pub(crate) fn name(&self) -> String {
        self.alias.clone().unwrap_or_else(|| self.actor.name())
    }

    /// The same with an idempotency key.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = Some(key);
        self
    }
}

/// A caller's own name for one mutation: 1 to 100 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Checks it.
    pub fn parse(text: &str) -> Result<Self> {
        let good =
            (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid(
                "idempotencyKey",
                "Give an idempotency key of 1 to 100 printable ASCII characters, such as a UUID.",
            ))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
