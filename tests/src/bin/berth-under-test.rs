//! Berth, with a hook at every boundary between two steps: `BERTH_TEST_KILL_AT=7` has the process killed
//! by SIGKILL at the seventh. Nothing runs any more after it: no drop, no flush, no answer.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use berth::cli::Cli;
use berth_model::OperationKind;
use berth_operations::{Boundary, NoBoundary, Point};
use clap::Parser;

struct KillAt {
    number: u32,
    passed: AtomicU32,
}

impl Boundary for KillAt {
    fn at(&self, kind: OperationKind, point: Point<'_>) {
        if self.passed.fetch_add(1, Ordering::SeqCst) + 1 == self.number {
            #[expect(clippy::print_stderr, reason = "the log may not be flushed in time")]
            {
                eprintln!("killed at {kind} {point:?}");
            }
            // SAFETY: it ends this process; there is nothing to keep sound after it.
            #[expect(unsafe_code, reason = "no safe call ends a process without a trace")]
            unsafe {
                libc::kill(libc::getpid(), libc::SIGKILL);
            }
        }
    }
}

fn main() -> ExitCode {
    let number = std::env::var("BERTH_TEST_KILL_AT")
        .ok()
        .and_then(|text| text.parse().ok());
    let boundary: Arc<dyn Boundary> = match number {
        Some(number) => Arc::new(KillAt {
            number,
            passed: AtomicU32::new(0),
        }),
        None => Arc::new(NoBoundary),
    };
    berth::cli::run_with(Cli::parse(), &boundary)
}
