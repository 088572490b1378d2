//! Rules that are in the way, over one machine or several.

use async_graphql::{Enum, SimpleObject};
use berth_model::Hindrance;

use super::placement::PlacementShortage;

/// A rule that is in the way.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum PlacementRule {
    /// No machine takes anything new: each is drained, worked on, or can't be reached. Of a move: the one
    /// that it was to go to.
    Closed,
    /// The machine that it is on can't be reached, or failed: nothing leaves it.
    Unreachable,
    /// There is no network with free addresses, or the machines are on other networks.
    Network,
    /// It doesn't move alive to the machines' processors.
    Processors,
    /// Too little is free; `shortage` says of what on the machine that is nearest.
    Short,
    /// The tenant has as many on each machine as it may have.
    TenantCap,
    /// What is free is kept for restarts; `shortage` says what is missing beside it on the machine
    /// that is nearest.
    Kept,
    /// After a failure it, or something beside it, would have no place.
    NoRestart,
}

/// What is in the way of a virtual machine, over several machines, or on the one that it was to go to.
#[derive(SimpleObject)]
pub(crate) struct PlacementHindrance {
    /// The rule.
    rule: PlacementRule,
    /// What is short, where that is the rule.
    shortage: Option<PlacementShortage>,
}

impl PlacementHindrance {
    pub(crate) fn of(of: &Hindrance) -> Self {
        let rule = |rule| Self {
            rule,
            shortage: None,
        };
        let short = |rule, shortage| Self {
            rule,
            shortage: Some(PlacementShortage::of(shortage)),
        };
        match of {
            Hindrance::Closed => rule(PlacementRule::Closed),
            Hindrance::Unreachable => rule(PlacementRule::Unreachable),
            Hindrance::Network => rule(PlacementRule::Network),
            Hindrance::Processors => rule(PlacementRule::Processors),
            Hindrance::Short(shortage) => short(PlacementRule::Short, shortage),
            Hindrance::TenantCap => rule(PlacementRule::TenantCap),
            Hindrance::Kept(shortage) => short(PlacementRule::Kept, shortage),
            Hindrance::NoRestart => rule(PlacementRule::NoRestart),
        }
    }
}
