//! Why a machine fits, or doesn't.

use crate::{
    fleet::{Ask, FAILURES, Fleet, MachineNumber, Place},
    rules::{Frame, Refusal},
};

/// What was found of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    /// It fits: the lower the score, the better.
    Fits {
        /// See `docs/placement.md`.
        score: i64,
    },
    /// The first rule that refused it.
    Refused(Refusal),
}

impl Fleet {
    /// Every machine, in order.
    pub fn explain(&mut self, ask: &Ask) -> Vec<Explained> {
        let is_alone = self.is_alone(ask);
        let found: Vec<Result<(i64, Place), Refusal>> = {
            let frame = Frame::new(self, ask, None);
            let one = |machine| self.explain_one(&frame, machine, is_alone);
            self.machines().map(one).collect()
        };
        let mut explained = Vec::with_capacity(found.len());
        for one in found {
            let refusal = match one {
                Ok((_, place)) if !is_alone => self.settle_refusal(ask, place),
                Ok(_) => None,
                Err(refusal) => Some(refusal),
            };
            let score = one.map_or(0, |(score, _)| score);
            explained.push(refusal.map_or(Explained::Fits { score }, Explained::Refused));
        }
        explained
    }

    fn explain_one(
        &self,
        frame: &Frame<'_>,
        machine: MachineNumber,
        is_alone: bool,
    ) -> Result<(i64, Place), Refusal> {
        if let Some(refusal) = frame.refusals(self, machine).next() {
            return Err(refusal);
        }
        let place = frame.room(self, machine).ok_or(Refusal::NoRestart)?;
        if is_alone && !self.is_restartable(frame, machine) {
            return Err(Refusal::NoRestart);
        }
        Ok((frame.score(self, machine), place))
    }

    /// Whether it has nothing to do with what is there: then a failure is asked about without trying.
    pub(crate) fn is_alone(&self, ask: &Ask) -> bool {
        let has_groups = ask.groups.iter().any(Option::is_some);
        self.failures() == 0 || (!has_groups && self.policy.tenant_cap.is_none())
    }

    /// Whether it would have a place if this machine failed.
    pub(crate) fn is_restartable(&self, frame: &Frame<'_>, machine: MachineNumber) -> bool {
        if !frame.ask.restarts {
            return true;
        }
        let mut backups = [None; FAILURES];
        for slot in 0..self.failures() {
            let found = self.backup_find(frame, machine, &backups);
            if found.is_none() {
                return false;
            }
            backups[slot] = found;
        }
        true
    }

    /// Tries it, and takes it back.
    pub(crate) fn settle_refusal(&mut self, ask: &Ask, place: Place) -> Option<Refusal> {
        let mark = self.mark();
        let vm = self.vm_add(*ask);
        let settled = self.settle(vm, place);
        self.back(mark);
        self.vms.pop();
        settled.err()
    }
}
