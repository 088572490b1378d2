//! The attendant of a move: a thread beside the one that waits for it, since that call tells
//! nothing until it is over.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use berth_model::Error;
use uuid::Uuid;
use virt::{connect::Connect, error::ErrorNumber, sys};

use super::{
    calls::{Calls, Pulse},
    error::{Failure, is, unavailable},
    facts, raw,
};
use crate::MoveProgress;

/// How often it looks. A dropped move goes on for so long.
const LOOK: Duration = Duration::from_millis(200);

/// What libvirt says when there is nothing to tell.
const NO_JOB: [ErrorNumber; 3] = [
    ErrorNumber::OperationInvalid,
    ErrorNumber::OperationUnsupported,
    ErrorNumber::NoDomain,
];

/// Looks at a move until it is dropped.
pub(super) struct Attendant {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Attendant {
    /// Begins to look at a guest of this machine, with a connection of its own.
    pub(super) fn begin(calls: &Calls, pulse: &Arc<Pulse>, id: Uuid) -> Result<Self, Error> {
        let mut connect = Some(calls.open()?);
        let (calls, pulse) = (calls.clone(), Arc::clone(pulse));
        let is_over = Arc::new(AtomicBool::new(false));
        let seen_over = Arc::clone(&is_over);
        let attend = move || {
            let mut seen = None;
            while !seen_over.load(Ordering::SeqCst) {
                thread::park_timeout(LOOK);
                // A connection that broke is replaced: nobody else would end an abandoned move.
                connect = connect
                    .take()
                    .filter(|connect| look(connect, &pulse, id, &mut seen).is_ok())
                    .or_else(|| calls.open().ok());
            }
        };
        let thread = thread::Builder::new()
            .name("libvirt attendant".into())
            .spawn(attend)
            .map_err(unavailable)?;
        Ok(Self { is_over, thread })
    }
}

impl Drop for Attendant {
    fn drop(&mut self) {
        // It ends by itself; it isn't waited for, as it may be in a call that doesn't return.
        self.is_over.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
    }
}

/// Tells the caller that data flows, if it does, and ends the move of a caller that has gone away.
fn look(
    connect: &Connect,
    pulse: &Pulse,
    id: Uuid,
    seen: &mut Option<MoveProgress>,
) -> Result<(), Failure> {
    let progress = progress(connect, id)?;
    let waited_for = if progress == *seen {
        pulse.check()
    } else {
        pulse.beat()
    };
    *seen = progress;
    if waited_for.is_err()
        && let Some(domain) = facts::lookup(connect, id)?
    {
        // Again and again until the move is over: there may be nothing to give up yet.
        drop(raw::abort_job(&domain));
    }
    Ok(())
}

/// How far the move of a guest is, of memory and disks together.
pub(super) fn progress(connect: &Connect, id: Uuid) -> Result<Option<MoveProgress>, Failure> {
    let Some(domain) = facts::lookup(connect, id)? else {
        return Ok(None);
    };
    let job = match domain.job_info() {
        // It is off, or gone since, or is being moved to here, which only the other side can tell.
        Err(error) if NO_JOB.iter().any(|number| is(&error, *number)) => return Ok(None),
        job => job?,
    };
    let goes_on = [sys::VIR_DOMAIN_JOB_BOUNDED, sys::VIR_DOMAIN_JOB_UNBOUNDED]
        .iter()
        .any(|kind| u32::try_from(job.r#type) == Ok(*kind));
    if !goes_on {
        return Ok(None);
    }
    Ok(Some(MoveProgress {
        done_bytes: job.data_processed.unwrap_or_default(),
        total_bytes: job.data_total.unwrap_or_default(),
    }))
}
