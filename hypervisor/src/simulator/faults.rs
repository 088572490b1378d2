//! Faults that can be switched on.

use std::collections::BTreeMap;

use berth_model::{Error, ErrorCode, Message};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is wrong with a machine. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Faults {
    /// It can't be reached, and neither can its guests.
    pub unreachable: bool,
    /// Calls don't return: they run out of time. Guests go on.
    pub hangs: bool,
    /// Each call waits so long before it does anything, in milliseconds.
    pub slow_millis: u64,
    /// No volume can be made or filled.
    pub no_space: bool,
    /// So many calls fail before they do anything.
    pub fail_before: u32,
    /// So many calls do what they shall, and then their answer is lost.
    pub fail_after: u32,
    /// What is wrong with a guest, by its id.
    pub guests: BTreeMap<Uuid, GuestFault>,
    /// What is wrong with all others.
    pub every_guest: Option<GuestFault>,
}

/// What is wrong with a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GuestFault {
    /// It starts, but its applications answer 503 for ever.
    NeverHealthy,
    /// It crashes halfway through its start.
    CrashesAtBoot,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Runs,
    RunsAfterMillis(u64),
    Fails,
    Hangs,
    AnswerIsLost,
}

impl Faults {
    /// Decides on the next call, and counts it.
    pub(super) fn fate(&mut self) -> Fate {
        if self.unreachable {
            Fate::Fails
        } else if self.hangs {
            Fate::Hangs
        } else if self.fail_before > 0 {
            self.fail_before -= 1;
            Fate::Fails
        } else if self.fail_after > 0 {
            self.fail_after -= 1;
            Fate::AnswerIsLost
        } else if self.slow_millis > 0 {
            Fate::RunsAfterMillis(self.slow_millis)
        } else {
            Fate::Runs
        }
    }

    /// What is wrong with one guest.
    pub(super) fn of_guest(&self, id: Uuid) -> Option<GuestFault> {
        self.guests.get(&id).copied().or(self.every_guest)
    }
}

/// As from a machine that can't be reached.
pub(super) fn unavailable(cause: &'static str) -> Error {
    Error::new(
        ErrorCode::MachineUnavailable,
        "A machine can't be reached now, or did not answer in time.",
    )
    .because(cause)
}

/// As from a machine that says no.
pub(super) fn refused(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::MachineRefused, Message::verbatim(message.into()))
}
