//! What a step tells while a call of it still runs, and how long it may go on without.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// Tells how far a long call of a step is: for calls that take hours, such as the move of a large
/// disk. A sign that it moves, so that the limit of the step begins anew.
#[derive(Clone, Debug)]
pub struct Progress(watch::Sender<(u8, String)>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new((0, String::new())))
    }

    /// `percent` of the step, 0 to 100, and a text for people. The same again tells nothing.
    pub fn tell(&self, percent: u8, message: &str) {
        self.0.send_if_modified(|told| {
            let is_new = told.0 != percent || told.1 != message;
            if is_new {
                *told = (percent, message.to_owned());
            }
            is_new
        });
    }

    /// It moves, and there is nothing to tell.
    pub fn alive(&self) {
        self.0.send_modify(|_| {});
    }

    pub(crate) fn listen(&self) -> watch::Receiver<(u8, String)> {
        self.0.subscribe()
    }
}

/// How long a step may go on.
pub(crate) struct Patience {
    limit: Duration,
    until: Mutex<Instant>,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        let until = Mutex::new(Instant::now() + limit);
        Self { limit, until }
    }

    /// It moved.
    pub(crate) fn renew(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + self.limit;
    }

    /// Returns when it is over.
    pub(crate) async fn over(&self) {
        loop {
            let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}
