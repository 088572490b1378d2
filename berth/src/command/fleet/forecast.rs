//! `berth fleet forecast`

use berth_placement::report::ForecastReport;

use super::tell::{open, tell};
use crate::{
    cli::FleetFile,
    failure::{Exit, Failure},
};

pub(super) fn run(fleet: &FleetFile) -> Result<(), Failure> {
    let mut loaded = open(fleet)?;
    let report = ForecastReport::new(&mut loaded)
        .map_err(|error| Failure::new(Exit::Failed, format!("{error:?}")))?;
    tell(fleet, &report)
}
