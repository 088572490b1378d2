//! A process of Berth, ended with its test.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use berth_store::testing::logs;

/// How many this program started.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A process that is killed when it is dropped. Its log is kept where all logs of tests are, and shown by
/// [`Process::log`].
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; its log is named by its role.
    #[must_use]
    pub fn start(mut command: Command, role: &str) -> Self {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = logs::file(&format!("{number}-{role}.log"));
        std::fs::create_dir_all(logs::directory()).unwrap();
        let file = File::create(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|cause| panic!("{command:?} does not start: {cause}"));
        Self { child, log }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its end, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    pub async fn end(&mut self, limit: Duration) -> ExitStatus {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let started = Instant::now();
        loop {
            ticks.tick().await;
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(started.elapsed() < limit, "it doesn't end:\n{}", self.log());
        }
    }

    /// Asks it to stop, as a service manager does, and waits until it has.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal(libc::SIGTERM);
        self.end(Duration::from_secs(60)).await
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        let id = i32::try_from(self.child.id()).unwrap();
        // SAFETY: kill has no memory effects; the child isn't waited for yet, so the id is still its own.
        #[expect(unsafe_code, reason = "the standard library sends SIGKILL only")]
        unsafe {
            libc::kill(id, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a process ended by SIGKILL.
#[must_use]
pub fn ended_by_sigkill(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGKILL)
}
