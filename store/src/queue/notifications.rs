//! What the database tells its listeners (LISTEN/NOTIFY), for everybody in this process.
//!
//! One connection listens. What comes over it is a hint only: whoever misses one (a connection that
//! broke, a full buffer) looks for itself after a while, so every receiver also polls.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use berth_model::OperationId;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures::StreamExt;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    task::AbortHandle,
    time::timeout,
};

use crate::Store;

/// Hints that a slow receiver may be behind before it loses some.
const BUFFER: usize = 1024;
/// How long after a failure the connection is made again.
const RECONNECT: Duration = Duration::from_secs(1);
/// How long nothing may come before the connection is asked whether it lives.
const SILENCE: Duration = Duration::from_secs(30);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

const LISTEN: &str =
    "LISTEN berth_queue; LISTEN berth_operation; LISTEN berth_webhook; LISTEN berth_notice";

/// A hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The operation has a new event.
    Operation(OperationId),
    /// There may be work to claim.
    Queue,
    /// Something was asked of the operation: a cancel, or a later operation supersedes it.
    Signal(OperationId),
    /// There is something to tell by webhook.
    Webhook,
    /// There is something to tell by mail.
    Notice,
    /// The listening connection is new: hints may have been missed.
    Listening,
}

/// The hints of this process. Cheap to clone; the connection closes with the last one.
#[derive(Clone)]
pub struct OperationFeed {
    sender: broadcast::Sender<Wake>,
    _listener: Arc<Listener>,
}

impl fmt::Debug for OperationFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationFeed")
            .field("receivers", &self.sender.receiver_count())
            .finish()
    }
}

impl OperationFeed {
    /// The hints from now on.
    #[must_use]
    pub fn subscribe(&self) -> Hints {
        Hints(self.sender.subscribe())
    }
}

/// The hints since somebody subscribed to them.
#[derive(Debug)]
pub struct Hints(broadcast::Receiver<Wake>);

impl Hints {
    /// The next one. That some were missed is told as [`Wake::Listening`].
    pub async fn next(&mut self) -> Wake {
        match self.0.recv().await {
            Ok(wake) => wake,
            Err(RecvError::Lagged(_)) => Wake::Listening,
            // Nobody listens any more: only looking from time to time is left.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// Until one comes that concerns the receiver, or one may have been missed.
    pub async fn heard(&mut self, concerns: impl Fn(Wake) -> bool) {
        loop {
            let wake = self.next().await;
            if wake == Wake::Listening || concerns(wake) {
                return;
            }
        }
    }

    /// The same, `poll` at most: without a hint it is time to look anyway.
    pub async fn heard_within(&mut self, poll: Duration, concerns: impl Fn(Wake) -> bool) {
        let _ = timeout(poll, self.heard(concerns)).await;
    }
}

/// The task that listens; it ends with this.
struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Store {
    /// Starts listening, on a connection of its own that is made again when it breaks. One is
    /// enough for a process. Needs a tokio runtime.
    #[must_use]
    pub fn operation_feed(&self) -> OperationFeed {
        let (sender, _) = broadcast::channel(BUFFER);
        let task = tokio::spawn(listen_always(self.url.clone(), sender.clone()));
        OperationFeed {
            sender,
            _listener: Arc::new(Listener(task.abort_handle())),
        }
    }
}

async fn listen_always(url: Arc<str>, sender: broadcast::Sender<Wake>) {
    loop {
        match listen(&url, &sender).await {
            Ok(()) => tracing::warn!("the listening connection was closed; it is made again"),
            Err(cause) => tracing::warn!(%cause, "can't listen to the database; trying again"),
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

/// Listens until the connection ends.
async fn listen(
    url: &str,
    sender: &broadcast::Sender<Wake>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut connection = timeout(ANSWER, AsyncPgConnection::establish(url)).await??;
    timeout(ANSWER, connection.batch_execute(LISTEN)).await??;
    // Nobody may be listening to us yet; then there is nobody to tell.
    let _ = sender.send(Wake::Listening);
    loop {
        let heard = timeout(SILENCE, next(&mut connection)).await;
        match heard {
            Ok(Some(notification)) => {
                let notification = notification?;
                if let Some(wake) = wake(&notification.channel, &notification.payload) {
                    let _ = sender.send(wake);
                }
            }
            Ok(None) => return Ok(()),
            Err(_silence) => timeout(ANSWER, connection.batch_execute("SELECT 1")).await??,
        }
    }
}

async fn next(
    connection: &mut AsyncPgConnection,
) -> Option<Result<diesel::pg::PgNotification, DieselError>> {
    pin!(connection.notifications_stream()).next().await
}

fn wake(channel: &str, payload: &str) -> Option<Wake> {
    let id = payload.parse().ok().map(OperationId);
    match (channel, id) {
        ("berth_operation", Some(id)) => Some(Wake::Operation(id)),
        ("berth_queue", Some(id)) => Some(Wake::Signal(id)),
        ("berth_queue", None) => Some(Wake::Queue),
        ("berth_webhook", None) => Some(Wake::Webhook),
        ("berth_notice", None) => Some(Wake::Notice),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_says_what_to_look_at() {
        let uuid = "01890000-0000-7000-8000-000000000001";
        let id = OperationId(uuid.parse().unwrap());
        assert_eq!(wake("berth_operation", uuid), Some(Wake::Operation(id)));
        assert_eq!(wake("berth_queue", uuid), Some(Wake::Signal(id)));
        assert_eq!(wake("berth_queue", ""), Some(Wake::Queue));
        assert_eq!(wake("berth_webhook", ""), Some(Wake::Webhook));
        assert_eq!(wake("berth_notice", ""), Some(Wake::Notice));
        assert_eq!(wake("another", ""), None);
    }
}
