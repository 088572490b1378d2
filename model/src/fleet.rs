//! The fleet as placement sees it: facts of one moment, and what the provider wants of decisions.

use serde::Serialize;

use crate::{
    Machine, MachineId, NetworkId, Plan, Reservation, ReservationId, SiteId, StoragePool, Transit,
    states::states,
};

states! {
    /// What fails as one.
    pub enum FailureDomain {
        /// A machine.
        Machine = "MACHINE",
        /// A rack.
        Rack = "RACK",
    }
}

/// How many failures at once can be survived at most.
pub const FAILURES_MOST: usize = 2;

/// What the provider wants of every decision about where a virtual machine goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PlacementPolicy {
    /// After the failure of which there shall be a place for everything; none keeps nothing free.
    pub survive: Option<FailureDomain>,
    /// How many of them at once: 1 or 2.
    pub failures: i32,
    /// The most virtual machines that one tenant can have on one machine.
    pub tenant_cap: Option<i32>,
    /// Whether the load is spread over all machines, or fills those that are used already.
    pub is_spread: bool,
}

impl PlacementPolicy {
    /// Whether a decision relies on more than the counters of one machine: then it looks at every
    /// reservation of the site, and its claim carries the versions of the machines it relied on.
    #[must_use]
    pub fn looks_at_reservations(&self) -> bool {
        self.survive.is_some() || self.tenant_cap.is_some()
    }
}

impl Default for PlacementPolicy {
    fn default() -> Self {
        Self {
            survive: None,
            failures: 1,
            tenant_cap: None,
            is_spread: false,
        }
    }
}

/// Where something would be restarted, by failure; see [`PlacementPolicy::failures`].
pub type Restarts = [Option<MachineId>; FAILURES_MOST];

/// The fleet as it was at one moment.
#[derive(Clone, Debug)]
pub struct FleetFacts {
    /// What the provider wants.
    pub policy: PlacementPolicy,
    /// The site that was asked about.
    pub site_id: SiteId,
    /// Every machine, also of other sites, in the order of their ids.
    pub machines: Vec<FleetMachine>,
    /// What virtual machines of the site hold, in the order of the reservations' ids. None, where the
    /// counters of machines are all that is needed.
    pub reservations: Option<Vec<FleetReservation>>,
}

/// A machine in it.
#[derive(Clone, Debug)]
pub struct FleetMachine {
    /// It, with its counters.
    pub machine: Machine,
    /// Grows with every change that a decision could rely on.
    pub version: i64,
    /// In which site.
    pub site_id: SiteId,
    /// Where its volumes are; none until it is enrolled.
    pub pool: Option<StoragePool>,
    /// Its networks, in the order of their ids.
    pub networks: Vec<FleetNetwork>,
    /// Whether the image asked about is on it already.
    pub has_image: bool,
}

/// A network of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetNetwork {
    /// It.
    pub id: NetworkId,
    /// Whether each of its families has a free address.
    pub has_free: bool,
}

/// What a virtual machine holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetReservation {
    /// It.
    pub reservation: Reservation,
    /// The networks that its addresses are of, in the order of their ids.
    pub networks: Vec<NetworkId>,
    /// Where it would be restarted: while it is being moved, from the machine that it goes to.
    pub restarts: Restarts,
    /// The machine that it goes to or came from, while it is being moved.
    pub transit: Option<Transit>,
}

/// A change of where a virtual machine would be restarted: it makes room for another, or it is the
/// first place found for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartChange {
    /// What it holds where it is.
    pub reservation_id: ReservationId,
    /// Where it was to be restarted.
    pub before: Restarts,
    /// Where it is now.
    pub after: Restarts,
}

/// What is ordered in a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetDemand {
    /// Every plan of the catalogue, with how many deployments of it there are in the site.
    pub plans: Vec<(Plan, i64)>,
    /// The largest system disk that an image makes, in bytes.
    pub system_bytes: i64,
    /// For how many more virtual machines there are addresses.
    pub addresses_free: i64,
    /// How many deployments there were at the end of each of the last weeks, the oldest first.
    pub history: Vec<i64>,
}
