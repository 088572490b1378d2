//! `berth fleet explain`

use berth_placement::report::{ExplainReport, Question};

use super::tell::{open, tell};
use crate::{cli::FleetExplain, failure::Failure, output};

pub(super) fn run(arguments: &FleetExplain) -> Result<(), Failure> {
    let mut loaded = open(&arguments.fleet)?;
    if let Some(tenant) = &arguments.tenant
        && loaded.tenant_known(tenant).is_none()
    {
        output::complain(format!("berth: {tenant} has nothing in the file yet"));
    }
    let question = Question {
        plan: arguments.plan.clone(),
        tenant: arguments.tenant.clone(),
        groups: arguments.groups.clone(),
        is_brief: arguments.brief,
    };
    let report = ExplainReport::new(&mut loaded, &question)?;
    tell(&arguments.fleet, &report)
}
