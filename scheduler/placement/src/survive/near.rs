//! Restarts within a site: what something needs is on the disks of its site.

use crate::fleet::{Domain, Fleet, MachineNumber, Survive};

impl Fleet {
    /// Whether something can be restarted in every site: there is one, or the failure of one is to be
    /// survived, for which data has to be elsewhere too.
    pub(crate) fn is_data_everywhere(&self) -> bool {
        let is_site = |survive: Survive| survive.domain == Domain::Site;
        self.sites < 2 || self.policy.survive.is_some_and(is_site)
    }

    /// Whether what is on the one can be restarted on the other.
    pub(crate) fn is_data_near(&self, one: MachineNumber, other: MachineNumber) -> bool {
        self.is_data_everywhere() || self.is_near(one, other)
    }
}
