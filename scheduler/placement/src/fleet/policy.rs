//! What the provider wants of all decisions.

use super::Domain;

/// What the provider wants of all decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// After which failures everything that is to be restarted must have a place.
    pub survive: Option<Survive>,
    /// The most virtual machines that one tenant can have on one machine.
    pub tenant_cap: Option<u32>,
    /// Whether machines that are used already are filled first, or the load is spread.
    pub spread: bool,
}

/// Failures that are to be survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survive {
    /// What fails as one: a machine or a rack.
    pub domain: Domain,
    /// How many at once: 1 or 2.
    pub failures: u8,
}

impl Survive {
    /// Any one machine.
    pub const MACHINE: Self = Self {
        domain: Domain::Machine,
        failures: 1,
    };
    /// Any one rack.
    pub const RACK: Self = Self {
        domain: Domain::Rack,
        failures: 1,
    };
}
