//! Plans and groups.

use super::{Check, Checked, texts};
use crate::{
    file::{GroupFile, PlanFile},
    fleet::NODES,
};

impl Check<'_> {
    pub(super) fn plan(&self, plan: &PlanFile) -> Checked {
        texts(
            plan.labels
                .iter()
                .chain(&plan.tolerations)
                .chain(&plan.image),
        )?;
        self.amounts("size", &plan.sizes)?;
        if plan.sizes.values().all(|size| *size == 0) {
            return Err("it needs nothing, so any number of it would fit".to_owned());
        }
        if usize::from(plan.nodes) > NODES {
            return Err(format!("it can ask for at most {NODES} NUMA nodes"));
        }
        plan.site.as_ref().map_or(Ok(()), |site| self.site(site))
    }

    pub(super) fn group(&self, group: &GroupFile) -> Checked {
        match group.most {
            0 => Err("with a most of 0 none of its members could be anywhere".to_owned()),
            _ => Ok(()),
        }
    }
}
