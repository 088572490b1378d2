//! Moves between simulated machines of one folder.
//!
//! A move has a mover, the task that waits for it ([`Hold`]). It begins and ends with both
//! machines' files locked; in between time goes by. Whoever looks at a machine first ends the moves
//! whose mover is gone: at the target a guest that has not arrived is no more, and at the source it
//! runs on unless the target's file says that it had arrived.

use std::{sync::Arc, time::Duration};

use berth_model::{Result, Timestamp};
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    SimulatedArrival, SimulatedGuest, SimulatedMachine, SimulatedMove, SimulatedPower,
    SimulatorState,
    boot::millis,
    faults::{refused, unavailable},
    file::StateFile,
    guests::no_guest,
    hold::Hold,
    machine::{Inner, blocking},
    volumes::missing,
};
use crate::{MoveProgress, MoveTarget, VolumeFormat};

/// How often a mover looks whether the move is over.
const LOOK: Duration = Duration::from_millis(5);

/// How far a move is.
enum Step {
    GoesOn,
    Hangs,
    Arrived,
}

impl SimulatedMachine {
    pub(super) async fn moved(&self, id: Uuid, to: &MoveTarget) -> Result<()> {
        let pool = to.pool.clone();
        let begin = move |inner: &Inner, here: &mut SimulatorState, there: &mut SimulatorState| {
            let hold = inner.move_begin(here, there, id, &pool)?;
            Ok(hold.map(Arc::new))
        };
        let (hold, answered) = self.pair_call(to, begin).await?;
        if let Some(hold) = hold {
            self.move_end(id, to, &hold).await?;
        }
        if answered {
            return Ok(());
        }
        Err(unavailable("simulated: the call fails"))
    }

    /// Waits until a move that has begun is over.
    async fn move_end(&self, id: Uuid, to: &MoveTarget, hold: &Arc<Hold>) -> Result<()> {
        loop {
            let (inner, to, held) = (Arc::clone(&self.inner), to.clone(), Arc::clone(hold));
            let step = blocking(move || {
                let step = inner.move_step(id, &to);
                // Not before: a mover that was dropped must not end it while this ends it.
                drop(held);
                step
            });
            match step.await? {
                Step::GoesOn => sleep(LOOK).await,
                Step::Hangs => {
                    sleep(self.call_timeout).await;
                    return Err(unavailable("simulated: no answer in time"));
                }
                Step::Arrived => return Ok(()),
            }
        }
    }

    pub(super) async fn volume_copied(
        &self,
        pool: &str,
        name: &str,
        to: &MoveTarget,
    ) -> Result<()> {
        let (pool, name, target_pool) = (pool.to_owned(), name.to_owned(), to.pool.clone());
        let copy = move |_: &Inner, here: &mut SimulatorState, there: &mut SimulatorState| {
            here.pool_check(&pool)?;
            there.pool_check(&target_pool)?;
            here.volume_copy(there, &name)
        };
        match self.pair_call(to, copy).await? {
            ((), true) => Ok(()),
            ((), false) => Err(unavailable("simulated: the call fails")),
        }
    }
}

impl Inner {
    /// `None`: it is there already, and no longer here.
    fn move_begin(
        &self,
        here: &mut SimulatorState,
        there: &mut SimulatorState,
        id: Uuid,
        pool: &str,
    ) -> Result<Option<Hold>> {
        let is_on = |guest: &SimulatedGuest| guest.power.is_on();
        if !here.guests.contains_key(&id) && there.guests.get(&id).is_some_and(is_on) {
            return Ok(None);
        }
        let guest = here.leave_check(id)?.clone();
        there.arrive_check(here, id, &guest, pool)?;
        let hold = Hold::take(self.file.folder(), id, &here.hostname, &there.hostname)?;
        let hold = hold.ok_or_else(|| moving(&guest.name))?;
        let since = self.clock.now();
        let arriving = SimulatedGuest {
            power: SimulatedPower::Arriving {
                from: here.hostname.clone(),
            },
            ..guest
        };
        there.guests.insert(id, arriving);
        there.arrivals.remove(&id);
        let until = since + millis(here.move_millis);
        if let Some(guest) = here.guests.get_mut(&id) {
            let to = there.hostname.clone();
            guest.moving = Some(SimulatedMove { to, since, until });
        }
        Ok(Some(hold))
    }

    fn move_step(&self, id: Uuid, to: &MoveTarget) -> Result<Step> {
        self.change_both(to, |here, there, now| {
            if here.faults.unreachable || there.faults.unreachable {
                return Err(unavailable("simulated: a machine is lost during a move"));
            }
            if here.faults.hangs || there.faults.hangs {
                return Ok(Step::Hangs);
            }
            let moving = here.guests.get(&id).and_then(|guest| guest.moving.clone());
            let moving = moving
                .filter(|moving| moving.to == there.hostname)
                .ok_or_else(|| refused("The guest went off while it was moved."))?;
            if there
                .guests
                .get(&id)
                .is_none_or(|guest| !guest.power.is_arriving())
            {
                return Err(refused("The other machine gave up the move."));
            }
            if now < moving.until {
                return Ok(Step::GoesOn);
            }
            here.hand_over(there, id, moving.since);
            Ok(Step::Arrived)
        })
    }
}

impl SimulatorState {
    /// Ends moves whose mover is gone.
    pub(super) fn moves_settle(&mut self, file: &StateFile) -> Result<()> {
        let mut gone = Vec::new();
        for (id, guest) in &mut self.guests {
            if let SimulatedPower::Arriving { from } = &guest.power {
                if !Hold::is_held(file.folder(), *id, from, &self.hostname)? {
                    gone.push(*id);
                }
                continue;
            }
            let Some(moving) = &guest.moving else {
                continue;
            };
            if Hold::is_held(file.folder(), *id, &self.hostname, &moving.to)? {
                continue;
            }
            // The target's file is the one that counts: it was written first.
            let arrival = match file.other(&moving.to) {
                Some(other) => other.read()?.arrivals.remove(id),
                None => None,
            };
            if arrival.is_some_and(|one| one.from == self.hostname && one.since == moving.since) {
                gone.push(*id);
            }
            guest.moving = None;
        }
        for id in gone {
            self.guests.remove(&id);
        }
        Ok(())
    }

    pub(super) fn guest_move_progress(&self, id: Uuid, now: Timestamp) -> Option<MoveProgress> {
        let guest = self.guests.get(&id)?;
        let moving = guest.moving.as_ref()?;
        let volumes = guest.volumes().filter_map(|name| self.volumes.get(name));
        let total = guest.memory_bytes + volumes.map(|volume| volume.bytes).sum::<u64>();
        let all = (moving.until - moving.since).num_milliseconds().max(1);
        let gone = (now - moving.since).num_milliseconds().clamp(0, all);
        let done =
            u128::from(total) * u128::from(gone.unsigned_abs()) / u128::from(all.unsigned_abs());
        Some(MoveProgress {
            done_bytes: u64::try_from(done).unwrap_or(total),
            total_bytes: total,
        })
    }

    /// Whether a guest can leave.
    fn leave_check(&self, id: Uuid) -> Result<&SimulatedGuest> {
        let guest = self.guests.get(&id).ok_or_else(|| no_guest(id))?;
        let name = &guest.name;
        if guest.moving.is_some() {
            return Err(moving(name));
        }
        if !guest.is_berths {
            return Err(refused(format!("The guest {name} isn't Berth's.")));
        }
        if !guest.power.is_on() {
            return Err(refused(format!("The guest {name} doesn't run here.")));
        }
        if guest.seed_volume.is_some() {
            return Err(refused(format!(
                "The guest {name} has its seed in its drive."
            )));
        }
        Ok(guest)
    }

    /// Whether a guest of another machine can come, and takes its room.
    fn arrive_check(
        &mut self,
        from: &Self,
        id: Uuid,
        guest: &SimulatedGuest,
        pool: &str,
    ) -> Result<()> {
        self.pool_check(pool)?;
        if self.guests.contains_key(&id) || self.guests.values().any(|one| one.name == guest.name) {
            return Err(refused(format!(
                "The other machine has a guest {} already.",
                guest.name
            )));
        }
        for name in guest.volumes() {
            self.twin_check(from, name)?;
        }
        self.room_take(guest.memory_bytes, guest.vcpus)
    }

    /// Whether a volume here can take what is on the same one of another machine.
    fn twin_check(&self, from: &Self, name: &str) -> Result<()> {
        let (theirs, ours) = (from.volumes.get(name), self.volumes.get(name));
        let theirs = theirs.ok_or_else(|| missing(name))?;
        let ours = ours.ok_or_else(|| missing(name))?;
        let kind =
            |volume: &super::SimulatedVolume| (volume.format, volume.bytes, volume.backing.clone());
        let bases_differ = ours.backing.as_ref().is_some_and(|base| {
            let upload = |state: &Self| state.volumes.get(base)?.upload.clone();
            upload(self) != upload(from)
        });
        if kind(theirs) != kind(ours) || bases_differ {
            return Err(refused(format!(
                "The volume {name} is another one on the other machine."
            )));
        }
        self.idle_check(name)
    }

    /// The guest runs there from now on, with what it has written until now.
    fn hand_over(&mut self, there: &mut Self, id: Uuid, since: Timestamp) {
        let Some(mut guest) = self.guests.remove(&id) else {
            return;
        };
        for name in guest.volumes() {
            if let (Some(from), Some(to)) = (self.volumes.get(name), there.volumes.get_mut(name)) {
                to.upload.clone_from(&from.upload);
                to.data.clone_from(&from.data);
            }
        }
        guest.moving = None;
        // Its log is another file.
        guest.console = String::new();
        there.guests.insert(id, guest);
        let from = self.hostname.clone();
        there.arrivals.insert(id, SimulatedArrival { from, since });
    }

    fn volume_copy(&mut self, there: &mut Self, name: &str) -> Result<()> {
        self.idle_check(name)?;
        there.idle_check(name)?;
        let from = self.volumes.get(name).ok_or_else(|| missing(name))?;
        let no_space = there.faults.no_space;
        let to = there.volumes.get_mut(name).ok_or_else(|| missing(name))?;
        if from.format != VolumeFormat::Raw || to.format != VolumeFormat::Raw {
            return Err(refused(format!("The volume {name} isn't raw.")));
        }
        if to.bytes < from.bytes {
            return Err(refused(format!(
                "The volume {name} of {} bytes does not fit the other machine's of {}.",
                from.bytes, to.bytes
            )));
        }
        if no_space {
            return Err(refused("No space left on the machine."));
        }
        to.upload.clone_from(&from.upload);
        to.data.clone_from(&from.data);
        Ok(())
    }
}

fn moving(name: &str) -> berth_model::Error {
    refused(format!("The guest {name} is being moved already."))
}
