//! More room where it is: its data is there.

use berth_model::{MachineState, NetworkId, Reservation, Verdict};

use super::{Chosen, Decision, NetworkNeed, Platform, Request, Room, verdict::shortage};
use crate::{
    fleet::{Ask, MachineNumber, Mark, Place, VmNumber},
    rules::{Frame, Refusal},
};

impl Platform {
    /// Decides for what holds something already.
    pub(super) fn grow(&mut self, request: &Request, held: &Reservation) -> Decision {
        let mark = self.fleet.mark();
        let grown = self.grow_there(request, held, &mark);
        match &grown {
            Ok(_) => self.fleet.keep(mark),
            Err(_) => self.fleet.back(mark),
        }
        let there = match &grown {
            Ok((_, score)) => Verdict::Fits { score: *score },
            Err(verdict) => verdict.clone(),
        };
        let verdict = |known: &berth_model::FleetMachine| {
            if known.machine.id == held.machine_id {
                there.clone()
            } else if known.site_id == request.site_id {
                Verdict::DataElsewhere
            } else {
                Verdict::OtherSite
            }
        };
        let verdicts = self.facts.machines.iter().map(verdict).collect();
        let mut explanation = self.summary_there(held.machine_id, verdicts);
        let chosen = grown.ok().map(|(chosen, _)| chosen);
        explanation.chosen = chosen.as_ref().map(|chosen| chosen.machine_id);
        Decision {
            chosen,
            explanation,
        }
    }

    fn grow_there(
        &mut self,
        request: &Request,
        held: &Reservation,
        mark: &Mark,
    ) -> Result<(Chosen, i64), Verdict> {
        let machine = self.number(held.machine_id).ok_or(Verdict::DataElsewhere)?;
        self.takes_growth(machine)?;
        let network = self.network_there(request, machine)?;
        let more = Room::from(held).more(request.room);
        let shortages = self.missing(&more.sizes(), &self.fleet.free(machine).whole);
        if !shortages.is_empty() {
            return Err(Verdict::Short { shortages });
        }
        let networks: Vec<NetworkId> = match (&request.network, network) {
            (NetworkNeed::Held(held), _) => held.clone(),
            (NetworkNeed::Any, chosen) => chosen.into_iter().collect(),
        };
        let ask = self.ask(request, &networks);
        let score = Frame::new(&self.fleet, &ask, None).score(&self.fleet, machine);
        let mut chosen = Chosen {
            machine_id: held.machine_id,
            storage_pool_id: held.storage_pool_id,
            alternatives: Vec::new(),
            network_id: network,
            relied: None,
            restarts: Default::default(),
            changes: Vec::new(),
        };
        if let Some(vm) = self.vm(held.virtual_machine_id) {
            self.fleet.protect();
            self.resize(vm, ask, machine)?;
            (chosen.relied, chosen.changes) = self.relied(vm, mark);
            chosen.restarts = self.restarts(self.fleet.vms[vm.index()].backups);
        }
        Ok((chosen, score))
    }

    /// What is there may grow while a machine is being emptied; it can't go anywhere else.
    fn takes_growth(&self, machine: MachineNumber) -> Result<(), Verdict> {
        let of = &self.known(machine).machine;
        match of.state {
            MachineState::Active | MachineState::Draining if of.unreachable_since.is_some() => {
                Err(Verdict::Unreachable)
            }
            MachineState::Active | MachineState::Draining => Ok(()),
            state => Err(Verdict::State { state }),
        }
    }

    fn network_there(
        &self,
        request: &Request,
        machine: MachineNumber,
    ) -> Result<Option<NetworkId>, Verdict> {
        if request.network != NetworkNeed::Any {
            return Ok(None);
        }
        let networks = &self.known(machine).networks;
        let free = networks.iter().find(|network| network.has_free);
        free.map(|network| Some(network.id))
            .ok_or(Verdict::NoNetwork)
    }

    /// With a place to restart that is as large. After an error the caller goes back to its mark.
    fn resize(&mut self, vm: VmNumber, ask: Ask, machine: MachineNumber) -> Result<(), Verdict> {
        let before = self.fleet.ask_of(vm);
        self.fleet.place_set(vm, None);
        self.fleet.vms[vm.index()].ask = ask;
        let settled = self.fleet.settle(vm, Place { machine, nodes: 0 });
        settled.map_err(|refusal| {
            // What is taken back is as large as it was.
            self.fleet.vms[vm.index()].ask = before;
            match refusal {
                Refusal::Kept { dimension, missing } => Verdict::Kept {
                    shortages: vec![shortage(dimension, missing)],
                },
                _ => Verdict::NoRestart,
            }
        })
    }
}

impl Room {
    /// What is wanted beyond this.
    fn more(self, wanted: Self) -> Self {
        Self {
            memory_bytes: (wanted.memory_bytes - self.memory_bytes).max(0),
            vcpus: (wanted.vcpus - self.vcpus).max(0),
            disk_bytes: (wanted.disk_bytes - self.disk_bytes).max(0),
        }
    }
}
