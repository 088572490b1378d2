//! `berth fleet simulate`

use berth_placement::{Arrival, file::Loaded};

use super::{picture, read};
use crate::{
    cli::FleetSimulate,
    failure::{Exit, Failure},
    output,
};

pub(super) fn run(arguments: &FleetSimulate) -> Result<(), Failure> {
    let mut loaded = read::fleet(&arguments.fleet.file)?;
    let text = read::text(&arguments.trace)?;
    let arrivals = arrivals(&loaded, &text)?;
    let simulation = loaded.fleet.simulate(&arrivals);
    let parts = |amount: i64| format!("{}.{:03}", amount / 1_000, amount % 1_000);
    output::line(format!(
        "{} came, {} were refused",
        arrivals.len(),
        simulation.refused.len()
    ));
    output::line(format!(
        "machines at most: {} (no fewer than {} would do)",
        simulation.peak, simulation.peak_bound
    ));
    output::line(format!(
        "machines on average: {} (no fewer than {} would do)",
        parts(simulation.mean),
        parts(simulation.mean_bound)
    ));
    if let Some(file) = &arguments.svg {
        let picture = picture::svg(&simulation.samples);
        std::fs::write(file, picture).map_err(|error| {
            Failure::new(Exit::Unreachable, format!("{}: {error}", file.display()))
        })?;
    }
    Ok(())
}

fn arrivals(loaded: &Loaded, text: &str) -> Result<Vec<Arrival>, Failure> {
    let mut arrivals: Vec<Arrival> = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
    {
        let wrong = || {
            let message = format!("Line {} of the trace isn't start,end,plan.", number + 1);
            Failure::new(Exit::Failed, message)
        };
        let mut columns = line.split(',');
        let (Some(at), Some(until), Some(plan)) = (columns.next(), columns.next(), columns.next())
        else {
            return Err(wrong());
        };
        let at = at.parse().map_err(|_| wrong())?;
        if arrivals.last().is_some_and(|last| last.at > at) {
            let message = format!("Line {} of the trace is earlier than the last.", number + 1);
            return Err(Failure::new(Exit::Failed, message));
        }
        arrivals.push(Arrival {
            at,
            until: if until.is_empty() {
                None
            } else {
                Some(until.parse().map_err(|_| wrong())?)
            },
            ask: loaded.plan(plan)?,
        });
    }
    Ok(arrivals)
}

#[cfg(test)]
mod tests {
    use berth_placement::file::FleetFile;

    use super::*;

    fn read(trace: &str) -> Result<Vec<Arrival>, Failure> {
        let text =
            r#"{ "machines": [], "plans": [{ "name": "small", "sizes": { "memory": 1 } }] }"#;
        let file: FleetFile = serde_json::from_str(text).expect("a fleet");
        arrivals(&Loaded::new(&file).expect("a fleet"), trace)
    }

    #[test]
    fn a_trace_may_have_what_stays() {
        let found = read("0,10,small\n3,,small\n").expect("a trace");
        assert_eq!(
            found.iter().map(|one| one.until).collect::<Vec<_>>(),
            [Some(10), None]
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let wrong = |trace: &str| read(trace).expect_err("a mistake").message;
        assert_eq!(wrong("0,1\n"), "Line 1 of the trace isn't start,end,plan.");
        assert_eq!(
            wrong("5,,small\n4,,small\n"),
            "Line 2 of the trace is earlier than the last."
        );
        assert_eq!(wrong("0,,huge\n"), "There is no plan \"huge\".");
    }
}
