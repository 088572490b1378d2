//! `berth fleet explain`

use berth_placement::{Explained, MachineNumber};

use super::read;
use crate::{cli::FleetExplain, failure::Failure, output};

pub(super) fn run(arguments: &FleetExplain) -> Result<(), Failure> {
    let mut loaded = read::fleet(&arguments.fleet)?;
    let ask = loaded.plan(&arguments.plan)?;
    let chosen = loaded
        .fleet
        .preview(&ask)
        .ok()
        .map(|placed| placed.place.machine);
    let explained = loaded.fleet.explain(&ask);
    for (index, one) in explained.iter().enumerate() {
        let name = &loaded.machines[index];
        let text = match one {
            Explained::Fits { .. } if chosen == Some(MachineNumber::at(index)) => {
                "fits, and would be chosen".to_owned()
            }
            Explained::Fits { .. } => "fits".to_owned(),
            Explained::Refused(refusal) => loaded.refusal_text(refusal),
        };
        output::line(format!("{name}: {text}"));
    }
    for relaxation in loaded.fleet.relax(&ask) {
        output::line(format!("{}.", loaded.relaxation_text(&relaxation)));
    }
    Ok(())
}
