//! `berth fleet simulate`

use berth_placement::{file::Ends, report::SimulateReport};

use super::{picture, read, tell::tell};
use crate::{
    cli::{self, FleetSimulate},
    failure::{Exit, Failure},
};

pub(super) fn run(arguments: &FleetSimulate) -> Result<(), Failure> {
    if read::is_standard_input(&arguments.fleet.file) && read::is_standard_input(&arguments.trace) {
        let why = "Only one of the two, fleet or trace, can come from standard input.";
        return Err(Failure::new(Exit::Failed, why));
    }
    let mut loaded = read::fleet(&arguments.fleet)?;
    let text = read::text(&arguments.trace)?;
    let ends = match arguments.ends {
        cli::Ends::Unknown => Ends::Unknown,
        cli::Ends::Known => Ends::Known,
    };
    let trace = loaded.trace(&text, ends);
    let trace = trace.map_err(|error| read::wrong(&arguments.trace, &error.to_string()))?;
    let simulation = loaded.fleet.simulate(&trace.arrivals);
    let report = SimulateReport::new(&loaded, &trace, &simulation);
    tell(&arguments.fleet, &report)?;
    if let Some(file) = &arguments.svg {
        let picture = picture::svg(&simulation.samples);
        std::fs::write(file, picture).map_err(|error| {
            Failure::new(Exit::Unreachable, format!("{}: {error}", file.display()))
        })?;
    }
    Ok(())
}
