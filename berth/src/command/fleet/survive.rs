//! `berth fleet survive`

use berth_placement::{Domain, report::SurviveReport};

use super::tell::{open, tell};
use crate::{
    cli::{self, FleetSurvive},
    failure::Failure,
};

pub(super) fn run(arguments: &FleetSurvive) -> Result<(), Failure> {
    let mut loaded = open(&arguments.fleet)?;
    let domain = arguments.domain.map(|domain| match domain {
        cli::Domain::Machine => Domain::Machine,
        cli::Domain::Rack => Domain::Rack,
        cli::Domain::Site => Domain::Site,
    });
    let report = SurviveReport::new(&mut loaded, domain, arguments.across_sites);
    tell(&arguments.fleet, &report)
}
