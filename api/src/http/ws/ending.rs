//! Why a connection ends, and with which code (graphql-transport-ws, and RFC 6455 section 7.4).

use std::sync::Arc;

use berth_model::{Error, ErrorCode, Locale};
use tokio::sync::watch;

/// Tells everything that runs on a connection that the connection is about to end.
#[derive(Clone)]
pub(super) struct Ending(watch::Sender<Option<Arc<Error>>>);

impl Ending {
    /// Of a connection that goes on.
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// The connection ends, and why. The first reason stays.
    pub fn tell(&self, error: Error) {
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(Arc::new(error));
            }
            first
        });
    }

    /// Waits until it ends.
    pub async fn told(&self) -> Arc<Error> {
        let mut told = self.0.subscribe();
        loop {
            let known = told.borrow_and_update().clone();
            if let Some(error) = known {
                return error;
            }
            if told.changed().await.is_err() {
                // The sender is here: it can't be gone.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The code and the reason for a close of async-graphql's, which has codes of its own.
    pub fn of_close(&self, code: u16, locale: Locale) -> (u16, String) {
        if let Some(error) = self.0.borrow().as_ref() {
            return (close_code(error), error.text(locale).into_owned());
        }
        let (code, reason) = match code {
            1002 => (4400, "Invalid message"),
            1011 => (4401, "Unauthorized: send connection_init first"),
            4429 => (4429, "Too many initialisation requests"),
            code => (code, ""),
        };
        (code, reason.to_owned())
    }
}

/// With which code a connection ends. Clients connect again after both of these.
pub(super) fn close_code(error: &Error) -> u16 {
    match error.code() {
        ErrorCode::Unauthenticated | ErrorCode::Forbidden => 4403,
        _ => 1013,
    }
}
