//! Restarts what was on failed machines.

use super::{Left, Plan, Step};
use crate::{Refusal, fleet::Fleet, rules::Frame};

impl Fleet {
    /// Everything that is to be restarted and is on a machine that failed, by priority, as one wave:
    /// nothing waits for anything, since what was there before is gone. What has no place is left.
    /// Unless it may go to other sites it is restarted in its own, where its data is; where the failure of
    /// a site is to be survived, its data is elsewhere too.
    pub fn recover_plan(&mut self, across_sites: bool) -> Plan {
        let across_sites = across_sites || self.is_data_everywhere();
        let mark = self.mark();
        let recovered = self.recover_now(across_sites);
        self.recovering_set(true);
        let lost = recovered.lost.into_iter();
        // Why it can't be while all else is restarted.
        let left: Vec<Left> = lost.map(|lost| self.left(lost.vm, across_sites)).collect();
        self.recovering_set(false);
        self.protect();
        let unprotected = self.unprotected().count();
        self.back(mark);
        let step = |(vm, from, to)| Step {
            vm,
            from,
            to,
            gain: 1,
            is_detour: false,
        };
        let wave: Vec<Step> = recovered.moves.into_iter().map(step).collect();
        let lost = i64::try_from(left.len()).unwrap_or(0);
        Plan {
            before: lost + i64::try_from(wave.len()).unwrap_or(0),
            after: lost,
            waves: if wave.is_empty() {
                Vec::new()
            } else {
                vec![wave]
            },
            left,
            unprotected,
            ..Plan::default()
        }
    }

    /// Takes one step of it: what was dead runs in its new place, with a backup if there is still
    /// room for one. What is kept for other failures may be used.
    ///
    /// # Errors
    ///
    /// If it is elsewhere already, or the machine doesn't take it any more.
    pub fn recover_step(&mut self, step: &Step) -> Result<(), super::Stale> {
        if self.vms[step.vm.index()].place != Some(step.from) {
            return Err(super::Stale::Moved);
        }
        let ask = self.vms[step.vm.index()].ask;
        let frame = Frame::new(self, &ask, Some(step.vm));
        let is_kept = |refusal: &Refusal| matches!(refusal, Refusal::Kept { .. });
        let refusal = frame
            .refusals(self, step.to.machine)
            .find(|refusal| !is_kept(refusal));
        if let Some(refusal) = refusal {
            return Err(super::Stale::Refused(refusal));
        }
        self.place_set(step.vm, Some(step.to));
        self.backups_fill(step.vm);
        Ok(())
    }
}
