//! A rule that is in the way of a virtual machine, over one machine or several.

use serde::{Deserialize, Serialize};

use crate::Shortage;

/// A rule that is in the way, without a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Hindrance {
    /// No machine takes anything: each is drained, worked on, or can't be reached.
    Closed,
    /// The machine that it is on can't be reached, or failed: nothing leaves it.
    Unreachable,
    /// No network with free addresses, or machines are on other networks.
    Network,
    /// Its guest doesn't move alive to the machines' processors.
    Processors,
    /// The nearest machine is short of this much.
    Short(Shortage),
    /// The tenant has as many on each as it may have.
    TenantCap,
    /// The nearest machine has room, but keeps it for restarts; this much is missing beside it.
    Kept(Shortage),
    /// It, or something beside it, would have no place to be restarted.
    NoRestart,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_one_is_read_again() {
        let shortage = Shortage::Memory { missing: 7 };
        for hindrance in [Hindrance::Closed, Hindrance::Kept(shortage)] {
            let kept = serde_json::to_value(&hindrance).unwrap();
            assert_eq!(
                serde_json::from_value::<Hindrance>(kept).unwrap(),
                hindrance
            );
        }
    }
}
