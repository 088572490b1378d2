//! Opens a fleet and tells an answer.

use berth_placement::{file::Loaded, report::Report};

use super::read;
use crate::{
    cli::FleetFile,
    failure::{Exit, Failure},
    output,
};

/// The fleet; what is broken in it already is told on standard error.
pub(super) fn open(fleet: &FleetFile) -> Result<Loaded, Failure> {
    let loaded = read::fleet(fleet)?;
    for warning in loaded.warnings() {
        output::complain(format!("berth: warning: {warning}"));
    }
    Ok(loaded)
}

/// For people or as JSON. What isn't as it should be has an exit code of its own.
pub(super) fn tell(fleet: &FleetFile, report: &impl Report) -> Result<(), Failure> {
    if fleet.json {
        json(report)?;
    } else {
        report.lines().iter().for_each(output::line);
    }
    match report.complaint() {
        Some(complaint) => Err(Failure::new(Exit::Left, complaint)),
        None => Ok(()),
    }
}

/// As JSON.
pub(super) fn json(report: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(report)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    output::line(text);
    Ok(())
}
