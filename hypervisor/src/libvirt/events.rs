//! The subscription to a machine's events: kept up for as long as the machine is used.

use std::{sync::Arc, thread, time::Duration};

use tokio::{
    sync::{Notify, broadcast},
    task::JoinHandle,
};

use super::{
    calls::Calls,
    raw::{Signal, Sink, Subscription},
};
use crate::GuestEvent;

/// Events that a slow receiver may be behind; then it is told that it lagged, and looks at all.
const BACKLOG: usize = 1024;
const BACKOFF_FIRST: Duration = Duration::from_secs(1);

/// Where a machine's events go. Subscribes when the first receiver comes.
#[derive(Debug)]
pub(super) struct Events {
    sender: broadcast::Sender<GuestEvent>,
    task: std::sync::OnceLock<JoinHandle<()>>,
}

impl Events {
    pub(super) fn new() -> Self {
        Self {
            sender: broadcast::Sender::new(BACKLOG),
            task: std::sync::OnceLock::new(),
        }
    }

    /// A receiver. The first one starts the subscription, on the runtime that calls.
    pub(super) fn receiver(
        &self,
        calls: &Calls,
        backoff_limit: Duration,
    ) -> broadcast::Receiver<GuestEvent> {
        let receiver = self.sender.subscribe();
        self.task.get_or_init(|| {
            tokio::spawn(keep_subscribed(
                calls.clone(),
                self.sender.clone(),
                backoff_limit,
            ))
        });
        receiver
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

async fn keep_subscribed(
    calls: Calls,
    sender: broadcast::Sender<GuestEvent>,
    backoff_limit: Duration,
) {
    let closed = Arc::new(Notify::new());
    let sink = sink(sender.clone(), Arc::clone(&closed));
    let mut backoff = BACKOFF_FIRST;
    loop {
        match subscribe(&calls, &sink).await {
            Ok(subscription) => {
                backoff = BACKOFF_FIRST;
                // What happened meanwhile was missed: everything must be looked at.
                drop(sender.send(GuestEvent { id: None }));
                closed.notified().await;
                drop(subscription);
                drop(sender.send(GuestEvent { id: None }));
                tracing::info!(machine = calls.machine(), "events lost; subscribing again");
            }
            Err(error) => {
                let cause = error.cause_text();
                tracing::debug!(
                    machine = calls.machine(),
                    cause,
                    "can't subscribe to events"
                );
            }
        }
        tokio::time::sleep(backoff).await;
        backoff = (backoff * 2).min(backoff_limit);
    }
}

async fn subscribe(calls: &Calls, sink: &Sink) -> berth_model::Result<Retired> {
    let sink = Arc::clone(sink);
    calls
        .run_owned("events_subscribe", move |connect| {
            Ok(Retired(Some(Subscription::new(connect, &sink)?)))
        })
        .await
}

fn sink(sender: broadcast::Sender<GuestEvent>, closed: Arc<Notify>) -> Sink {
    Arc::new(move |signal| match signal {
        // An error means that nobody listens, which is fine.
        Signal::Guest(id) => drop(sender.send(GuestEvent { id: Some(id) })),
        Signal::Closed => closed.notify_one(),
    })
}

/// A subscription that ends on a thread of its own: ending it may wait for the machine.
struct Retired(Option<Subscription>);

impl Drop for Retired {
    fn drop(&mut self) {
        let subscription = self.0.take();
        let spawned = thread::Builder::new()
            .name("libvirt close".into())
            .spawn(move || drop(subscription));
        drop(spawned);
    }
}
