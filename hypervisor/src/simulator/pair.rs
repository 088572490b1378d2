//! Calls to two machines of one folder.

use std::{sync::Arc, time::Duration};

use berth_model::{Result, Timestamp};
use tokio::time::sleep;

use super::{
    SimulatedMachine, SimulatorState,
    faults::{Fate, refused, unavailable},
    file::StateFile,
    machine::{Inner, blocking},
};
use crate::MoveTarget;

/// What became of a call to two machines.
enum Begun<T> {
    Runs(T),
    /// It runs, but nobody will hear of it.
    AnswerIsLost(T),
    Waits(Duration),
    Hangs,
    Fails,
}

impl SimulatedMachine {
    /// A call to two machines, with whatever their faults make of it. False with the result: it is
    /// done, but its answer is lost.
    pub(super) async fn pair_call<T, W>(&self, to: &MoveTarget, work: W) -> Result<(T, bool)>
    where
        T: Send + 'static,
        W: Fn(&Inner, &mut SimulatorState, &mut SimulatorState) -> Result<T>
            + Clone
            + Send
            + 'static,
    {
        let (inner, target, first) = (Arc::clone(&self.inner), to.clone(), work.clone());
        let delay = match blocking(move || inner.pair_look(&target, first)).await? {
            Begun::Runs(value) => return Ok((value, true)),
            Begun::AnswerIsLost(value) => return Ok((value, false)),
            Begun::Fails => return Err(unavailable("simulated: the call fails")),
            Begun::Hangs => self.call_timeout,
            Begun::Waits(delay) => delay,
        };
        sleep(delay.min(self.call_timeout)).await;
        if delay >= self.call_timeout {
            return Err(unavailable("simulated: no answer in time"));
        }
        let (inner, target) = (Arc::clone(&self.inner), to.clone());
        let value = blocking(move || {
            inner.change_both(&target, |here, there, _| work(&inner, here, there))
        });
        Ok((value.await?, true))
    }
}

impl Inner {
    /// Brings both machines to the present and changes them.
    pub(super) fn change_both<T>(
        &self,
        to: &MoveTarget,
        change: impl FnOnce(&mut SimulatorState, &mut SimulatorState, Timestamp) -> Result<T>,
    ) -> Result<T> {
        let other = self.other(to)?;
        let now = self.clock.now();
        self.file.change_both(&other, |here, there| {
            for (state, file) in [(&mut *here, &self.file), (&mut *there, &other)] {
                state.moves_settle(file)?;
                state.settle(now);
            }
            let result = change(here, there, now)?;
            self.watch.observe(here);
            Ok(result)
        })
    }

    fn other(&self, to: &MoveTarget) -> Result<StateFile> {
        let name = to
            .uri
            .strip_prefix("sim:")
            .ok_or_else(|| refused("A simulated guest moves only to a simulated machine."))?;
        let other = self
            .file
            .other(name)
            .ok_or_else(|| unavailable("simulated: there is no such machine"))?;
        if other.is(&self.file) {
            return Err(refused("A move has to be to another machine."));
        }
        Ok(other)
    }

    fn pair_look<T>(
        &self,
        to: &MoveTarget,
        work: impl FnOnce(&Self, &mut SimulatorState, &mut SimulatorState) -> Result<T>,
    ) -> Result<Begun<T>> {
        self.change_both(to, |here, there, _| {
            let fate = match here.faults.fate() {
                Fate::Runs => there.faults.fate(),
                fate => fate,
            };
            match fate {
                Fate::Runs => work(self, here, there).map(Begun::Runs),
                Fate::RunsAfterMillis(millis) => Ok(Begun::Waits(Duration::from_millis(millis))),
                Fate::Hangs => Ok(Begun::Hangs),
                Fate::Fails => Ok(Begun::Fails),
                Fate::AnswerIsLost => {
                    let (mut here_done, mut there_done) = (here.clone(), there.clone());
                    match work(self, &mut here_done, &mut there_done) {
                        Ok(value) => {
                            (*here, *there) = (here_done, there_done);
                            Ok(Begun::AnswerIsLost(value))
                        }
                        Err(_) => Ok(Begun::Fails),
                    }
                }
            }
        })
    }
}
