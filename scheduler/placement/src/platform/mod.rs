//! The platform's fleet in the engine: its rows with their ids in, decisions and plans with ids out.
//!
//! A machine's dimensions are memory (bytes), vCPUs and disk (bytes of its pool); its labels are the
//! networks that it is on. Where the policy looks at no reservations, what is sold on a machine is one
//! sum, as its counters have it.

mod alternatives;
mod build;
mod decide;
mod found;
mod grow;
mod moves;
mod outlook;
mod request;
mod summary;
mod transit;
mod verdict;

pub use moves::{Move, Moves, SurvivalOf};
pub use outlook::{
    MoreWith, Outlook, OutlookAsked, OutlookLimit, OutlookMore, PlanRoom, StrandedRoom,
};
pub use request::{Chosen, Decision, NetworkNeed, Request, Room};
pub use transit::MoveRefused;

use std::collections::BTreeMap;

use berth_model::{FleetFacts, FleetMachine, MachineId, NetworkId, Restarts, TenantId};

use crate::fleet::{
    FAILURES, Fleet, ImageNumber, LabelNumber, MachineNumber, Place, RackNumber, SiteNumber,
    TenantNumber, VmNumber,
};

/// The position of disk in `Sizes`.
const DISK: usize = 2;

/// The platform's fleet at one moment. The positions of machines and virtual machines in the engine
/// are those in the facts, so that ties break by id.
pub struct Platform {
    facts: FleetFacts,
    fleet: Fleet,
    sites: BTreeMap<berth_model::SiteId, SiteNumber>,
    racks: BTreeMap<berth_model::RackId, RackNumber>,
    networks: BTreeMap<NetworkId, LabelNumber>,
    tenants: BTreeMap<TenantId, TenantNumber>,
    /// By the processors that a guest moves alive between.
    families: BTreeMap<Option<String>, u16>,
    /// The image that was asked about.
    image: ImageNumber,
    /// Of no machine.
    nowhere: LabelNumber,
    /// Nothing where reservations matter.
    remembered: Vec<found::Remembered>,
}

impl Platform {
    fn known(&self, machine: MachineNumber) -> &FleetMachine {
        &self.facts.machines[machine.index()]
    }

    fn number(&self, machine: MachineId) -> Option<MachineNumber> {
        let machines = &self.facts.machines;
        let found = machines.binary_search_by_key(&machine, |known| known.machine.id);
        found.ok().map(MachineNumber::at)
    }

    fn tenant(&mut self, tenant: TenantId) -> TenantNumber {
        let next = TenantNumber::at(self.tenants.len());
        *self.tenants.entry(tenant).or_insert(next)
    }

    /// Those of a virtual machine's backups, as ids.
    fn restarts(&self, backups: [Option<Place>; FAILURES]) -> Restarts {
        backups.map(|backup| backup.map(|place| self.known(place.machine).machine.id))
    }

    /// The virtual machine as the engine knows it, if its reservation was looked at.
    fn vm(&self, vm: berth_model::VirtualMachineId) -> Option<VmNumber> {
        let held = self.facts.reservations.iter().flatten();
        let mut ids = held.map(|held| held.reservation.virtual_machine_id);
        ids.position(|id| id == vm).map(VmNumber::at)
    }
}
