//! One place, or one for each of several.

use crate::{
    fleet::{Ask, Fleet, MachineNumber, Place, VmNumber},
    rules::{Frame, Refusal},
};

/// How many of the best are tried one after another before all are put in order.
const TRIES: usize = 4;
/// On how many machines it is tried to keep elsewhere what is kept there.
const KEPT_TRIES: usize = 16;

/// A decision that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// What was placed.
    pub vm: VmNumber,
    /// Where.
    pub place: Place,
    /// How good it is: the lower, the better.
    pub score: i64,
}

/// Nothing was placed; `Fleet::explain` tells why. If places were there and failures were in the way,
/// the last of them is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which of several; 0 if it is one.
    pub which: usize,
    /// What the best machine was refused for, if one had room.
    pub nearest: Option<Refusal>,
}

impl Fleet {
    /// Places it.
    ///
    /// # Errors
    ///
    /// If it fits nowhere. The fleet is as before then.
    pub fn place(&mut self, ask: &Ask) -> Result<Placed, Refused> {
        let vm = self.vm_add(*ask);
        let placed = self.place_vm(vm, &|_| true);
        match placed {
            Ok(_) => self.era_keep(),
            Err(_) => drop(self.vms.pop()),
        }
        placed
    }

    /// Places all of them or none, in their order; where that doesn't work, the large ones first.
    ///
    /// # Errors
    ///
    /// If one of them fits nowhere. The fleet is as before then.
    pub fn place_group(&mut self, asks: &[Ask]) -> Result<Vec<Placed>, Refused> {
        let first = self.place_in_order(asks, (0..asks.len()).collect());
        let Err(refused) = first else { return first };
        let unsold = |index: &usize| {
            let sizes = &self.needs[asks[*index].need.index()].sizes;
            std::cmp::Reverse((sizes[0], sizes[1]))
        };
        let mut order: Vec<usize> = (0..asks.len()).collect();
        order.sort_by_key(unsold);
        self.place_in_order(asks, order).map_err(|_| refused)
    }

    fn place_in_order(&mut self, asks: &[Ask], order: Vec<usize>) -> Result<Vec<Placed>, Refused> {
        let mark = self.mark();
        let count = self.vms.len();
        for ask in asks {
            self.vm_add(*ask);
        }
        let mut all = Vec::with_capacity(asks.len());
        for index in order {
            match self.place_vm(VmNumber::at(count + index), &|_| true) {
                Ok(placed) => all.push(placed),
                Err(refused) => {
                    self.back(mark);
                    self.vms.truncate(count);
                    return Err(Refused {
                        which: index,
                        ..refused
                    });
                }
            }
        }
        self.keep(mark);
        self.era_keep();
        all.sort_by_key(|placed| placed.vm);
        Ok(all)
    }

    /// Where it would go now. Nothing is changed, and nothing is claimed.
    ///
    /// # Errors
    ///
    /// If it fits nowhere.
    pub fn preview(&mut self, ask: &Ask) -> Result<Placed, Refused> {
        let mark = self.mark();
        let placed = self.place(ask);
        self.back(mark);
        if placed.is_ok() {
            self.vms.pop();
        }
        placed
    }

    /// It is gone: its place and what was kept for it are free.
    pub fn vm_remove(&mut self, vm: VmNumber) {
        self.place_set(vm, None);
    }

    fn choose_ranked(
        &mut self,
        vm: VmNumber,
        takes: &dyn Fn(MachineNumber) -> bool,
    ) -> Option<(i64, Place)> {
        // Apart from the fleet meanwhile, since it changes and the fleet doesn't.
        let mut ranks = std::mem::take(&mut self.ranks);
        let frame = Frame::new(self, &self.vms[vm.index()].ask, Some(vm));
        let chosen = ranks.choose(self, &frame, takes);
        self.ranks = ranks;
        chosen
    }

    /// Finds a place for one that has none, or another for one that has.
    pub(crate) fn place_vm(
        &mut self,
        vm: VmNumber,
        takes: &dyn Fn(MachineNumber) -> bool,
    ) -> Result<Placed, Refused> {
        let ask = self.vms[vm.index()].ask;
        let mut refused: Vec<MachineNumber> = Vec::new();
        let mut nearest = None;
        while refused.len() < TRIES {
            let is_new = |machine| !refused.contains(&machine) && takes(machine);
            let Some((score, place)) = self.choose_ranked(vm, &is_new) else {
                break;
            };
            match self.settle(vm, place) {
                Ok(()) => return Ok(Placed { vm, place, score }),
                Err(refusal) => nearest = nearest.or(Some(refusal)),
            }
            refused.push(place.machine);
        }
        let frame = Frame::new(self, &ask, Some(vm));
        let is_new = |machine| !refused.contains(&machine) && takes(machine);
        let mut others = Vec::new();
        if refused.len() == TRIES {
            others = self.candidates(&frame, &is_new);
        }
        let kept = self.candidates_kept(&frame, &is_new);
        others.extend(kept.into_iter().take(KEPT_TRIES));
        for (score, place) in others {
            match self.settle(vm, place) {
                Ok(()) => return Ok(Placed { vm, place, score }),
                Err(refusal) => nearest = nearest.or(Some(refusal)),
            }
        }
        Err(Refused { which: 0, nearest })
    }
}
