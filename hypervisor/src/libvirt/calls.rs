//! Blocking calls of one machine: a few threads and connections, time limits, no way to hang
//! others.
//!
//! Each call runs on a thread of its own, with a connection from the machine's idle ones. At most
//! `connections` calls are waited for. A call whose caller stopped waiting (out of time, or
//! dropped) is *stuck*: its thread and connection are given up, and others take their place, until
//! `stuck_limit` are stuck; then calls fail at once. A stuck call that returns makes room again.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use berth_model::{Error, ErrorCode, Result};
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};
use virt::connect::Connect;

use super::{
    LibvirtConfig,
    error::{Failure, unavailable},
    event_loop,
};

const CALLS: &str = "berth_libvirt_calls_total";
const CALL_SECONDS: &str = "berth_libvirt_call_seconds";

/// Says what each metric of libvirt's calls means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    metrics::describe_counter!(CALLS, "Calls of libvirt, by machine, call and outcome.");
    metrics::describe_histogram!(
        CALL_SECONDS,
        metrics::Unit::Seconds,
        "How long calls of libvirt took, with waiting for their turn."
    );
}

/// The calls of one machine.
#[derive(Clone, Debug)]
pub(super) struct Calls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    machine: String,
    uri: String,
    config: LibvirtConfig,
    turns: Semaphore,
    /// For calls that take minutes: they must not keep short ones from their turn.
    long_turns: Semaphore,
    idle: Mutex<Vec<Connect>>,
    stuck: AtomicUsize,
}

/// What the thread of a call and its caller know of each other.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    beats: AtomicU64,
    /// Set by whoever comes first: the caller that goes away, or the thread that is done.
    settled: AtomicBool,
}

impl Pulse {
    /// Tells the caller that something moves, and stops a transfer that nobody waits for.
    pub(super) fn beat(&self) -> Result<(), Failure> {
        self.beats.fetch_add(1, Ordering::Relaxed);
        self.check()
    }

    /// Fails when nobody waits any more.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.settled.load(Ordering::Relaxed) {
            Err(Failure::Abandoned)
        } else {
            Ok(())
        }
    }
}

/// Counts the call as stuck if its caller goes away before it is done.
struct Waiting<'a> {
    shared: &'a Shared,
    pulse: Arc<Pulse>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Counted first: the thread may take it off again at once.
        self.shared.stuck.fetch_add(1, Ordering::SeqCst);
        if self.pulse.settled.swap(true, Ordering::SeqCst) {
            self.shared.stuck.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Calls {
    pub(super) fn new(machine: &str, uri: &str, config: LibvirtConfig) -> Self {
        Self(Arc::new(Shared {
            machine: machine.to_owned(),
            uri: uri.to_owned(),
            turns: Semaphore::new(config.connections),
            long_turns: Semaphore::new(config.connections),
            config,
            idle: Mutex::default(),
            stuck: AtomicUsize::new(0),
        }))
    }

    /// The machine's name, for logs.
    pub(super) fn machine(&self) -> &str {
        &self.0.machine
    }

    /// Runs `work` on one of the machine's connections. `call` is its name in logs and metrics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: &'static str,
        work: impl FnOnce(&Connect, &Pulse) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        self.measured(call, &self.0.turns, move |shared, pulse| {
            let connect = match shared.idle_connection() {
                Some(connect) => connect,
                None => shared.open(&shared.uri)?,
            };
            let result = work(&connect, pulse);
            let alive = connect.is_alive().unwrap_or(false);
            if alive && !pulse.settled.load(Ordering::SeqCst) {
                shared.idle().push(connect);
            }
            result.map_err(|failure| failure.into_error(alive))
        })
        .await
    }

    /// Runs `work` on a connection of its own, which it keeps.
    pub(super) async fn run_owned<T: Send + 'static>(
        &self,
        call: &'static str,
        work: impl FnOnce(Connect) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        self.measured(call, &self.0.turns, move |shared, _| {
            work(shared.open(&shared.uri)?).map_err(|failure| failure.into_error(true))
        })
        .await
    }

    /// Runs `work`, which may take minutes, on a connection of its own. At most `connections` of
    /// these run at a time, beside the others.
    pub(super) async fn run_long<T: Send + 'static>(
        &self,
        call: &'static str,
        work: impl FnOnce(&Connect, &Arc<Pulse>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        self.measured(call, &self.0.long_turns, move |shared, pulse| {
            let connect = shared.open(&shared.uri)?;
            let result = work(&connect, pulse);
            let alive = connect.is_alive().unwrap_or(false);
            result.map_err(|failure| failure.into_error(alive))
        })
        .await
    }

    /// One more connection to this machine. Blocks.
    pub(super) fn open(&self) -> Result<Connect> {
        self.0.open(&self.0.uri)
    }

    /// A connection to another machine, with the limits of this one. Blocks.
    pub(super) fn open_other(&self, uri: &str) -> Result<Connect> {
        self.0.open(uri)
    }

    async fn measured<T: Send + 'static>(
        &self,
        call: &'static str,
        turns: &Semaphore,
        job: impl FnOnce(&Shared, &Arc<Pulse>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let begin = Instant::now();
        let result = self.wait(call, turns, job).await;
        let outcome = match &result {
            Ok(_) => "ok",
            Err(error) if error.code() == ErrorCode::MachineUnavailable => "unavailable",
            Err(error) if error.code() == ErrorCode::MachineRefused => "refused",
            Err(_) => "internal",
        };
        let machine = self.0.machine.clone();
        metrics::histogram!(CALL_SECONDS, "machine" => machine.clone(),
            "call" => call)
        .record(begin.elapsed());
        metrics::counter!(CALLS, "machine" => machine, "call" => call,
            "outcome" => outcome)
        .increment(1);
        if let Err(error) = &result {
            let cause = error.cause_text();
            tracing::debug!(machine = self.machine(), call, %error, cause, "libvirt call failed");
        }
        result
    }

    async fn wait<T: Send + 'static>(
        &self,
        call: &'static str,
        turns: &Semaphore,
        job: impl FnOnce(&Shared, &Arc<Pulse>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = &*self.0;
        shared.stuck_check()?;
        let limit = shared.config.call_timeout;
        let _turn = timeout(limit, turns.acquire())
            .await
            .map_err(|_| unavailable("all connections are busy"))?
            .map_err(Error::internal)?;
        shared.stuck_check()?;
        let waiting = Waiting {
            shared,
            pulse: Arc::default(),
        };
        let mut answer = self.spawn(call, Arc::clone(&waiting.pulse), job)?;
        let mut beats = 0;
        loop {
            match timeout(limit, &mut answer).await {
                Ok(Ok(result)) => return result,
                Ok(Err(_)) => return Err(Error::internal(format!("libvirt {call} panicked"))),
                Err(_) if beats < waiting.pulse.beats.load(Ordering::Relaxed) => {
                    beats = waiting.pulse.beats.load(Ordering::Relaxed);
                }
                Err(_) => return Err(unavailable(format!("{call}: no answer in {limit:?}"))),
            }
        }
    }

    fn spawn<T: Send + 'static>(
        &self,
        call: &'static str,
        pulse: Arc<Pulse>,
        job: impl FnOnce(&Shared, &Arc<Pulse>) -> Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (sender, answer) = oneshot::channel();
        let shared = Arc::clone(&self.0);
        // No longer stuck when dropped, even by a panic.
        let done = Done {
            shared: Arc::clone(&self.0),
            pulse: Arc::clone(&pulse),
        };
        let body = move || {
            let result = job(&shared, &pulse);
            drop(done);
            // A caller that left gets nothing; the result (a connection, perhaps) is then dropped
            // here, where that may block.
            drop(sender.send(result));
        };
        let name = format!("libvirt {call}");
        thread::Builder::new()
            .name(name)
            .spawn(body)
            .map(drop)
            .map_err(unavailable)?;
        Ok(answer)
    }
}

/// Marks a call as done when it is dropped.
struct Done {
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
}

impl Drop for Done {
    fn drop(&mut self) {
        if self.pulse.settled.swap(true, Ordering::SeqCst) {
            self.shared.stuck.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Connect>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection that is not known to be broken.
    fn idle_connection(&self) -> Option<Connect> {
        loop {
            let connect = self.idle().pop()?;
            if connect.is_alive().unwrap_or(false) {
                return Some(connect);
            }
        }
    }

    fn open(&self, uri: &str) -> Result<Connect> {
        event_loop::start().map_err(unavailable)?;
        let connect = Connect::open(Some(uri)).map_err(unavailable)?;
        let LibvirtConfig {
            keepalive_seconds,
            keepalive_count,
            ..
        } = self.config;
        if keepalive_seconds > 0 {
            // The test driver has none; a connection without it is good enough to go on with.
            let set = connect.set_keep_alive(keepalive_seconds.into(), keepalive_count.into());
            if let Err(error) = set {
                tracing::debug!(machine = self.machine, %error, "no keepalive");
            }
        }
        Ok(connect)
    }

    fn stuck_check(&self) -> Result<()> {
        let limit = self.config.stuck_limit;
        if self.stuck.load(Ordering::SeqCst) >= limit {
            return Err(unavailable(format!(
                "{limit} calls have not come back (stuck_limit)"
            )));
        }
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *self.idle());
        if !idle.is_empty() {
            // `virConnectClose` waits for the machine; whoever drops us must not.
            let spawned = thread::Builder::new()
                .name("libvirt close".into())
                .spawn(|| drop(idle));
            drop(spawned);
        }
    }
}
