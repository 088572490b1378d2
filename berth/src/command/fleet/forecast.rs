//! `berth fleet forecast`

use berth_placement::{Ask, file::Loaded, growth};

use super::read;
use crate::{cli::FleetFile, failure::Failure, output};

/// So many are counted.
const MOST: usize = 1_000_000;

pub(super) fn run(arguments: &FleetFile) -> Result<(), Failure> {
    let mut loaded = read::fleet(arguments)?;
    let plans = loaded.plans.clone();
    let mix: Vec<(Ask, u32)> = plans
        .iter()
        .map(|(_, ask, weight)| (*ask, *weight))
        .collect();
    for (name, ask, _) in &plans {
        let more = loaded.fleet.more(ask, MOST);
        output::line(format!("{name}: {more} more"));
    }
    let more = loaded.fleet.more_of_mix(&mix, MOST).count;
    output::line(format!("of the mix: {more} more"));
    stranded(&mut loaded, &mix);
    ends(&loaded, more);
    advice(&mut loaded, &mix)
}

fn stranded(loaded: &mut Loaded, mix: &[(Ask, u32)]) {
    let mut asks: Vec<Ask> = mix.iter().map(|(ask, _)| *ask).collect();
    // The large ones first; the small ones fill the gaps.
    asks.sort_by_key(|ask| std::cmp::Reverse(loaded.fleet.need_of(ask.need).sizes));
    for stranded in loaded.fleet.stranded(&asks, MOST) {
        let free: Vec<String> = loaded
            .fleet
            .dimensions()
            .iter()
            .zip(stranded.free)
            .filter(|(_, free)| *free > 0)
            .map(|(name, free)| format!("{free} of {name}"))
            .collect();
        let why = loaded.refusal_text(&stranded.by);
        let (machines, free) = (stranded.machines, free.join(", "));
        output::line(format!("stranded on {machines} machines: {free} ({why})"));
    }
}

fn ends(loaded: &Loaded, more: usize) {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    let Some(growth) = growth(&loaded.history, more) else {
        return;
    };
    let periods = |ends: Option<i64>| {
        ends.map_or_else(|| "never".to_owned(), |ends| format!("in {ends} periods"))
    };
    output::line(format!(
        "capacity ends {} (earliest {}, latest {})",
        periods(growth.expected),
        periods(growth.earliest),
        periods(growth.latest)
    ));
}

fn advice(loaded: &mut Loaded, mix: &[(Ask, u32)]) -> Result<(), Failure> {
    let (names, types): (Vec<_>, Vec<_>) = loaded.types.clone().into_iter().unzip();
    let advice = loaded
        .fleet
        .advice(&types, mix, MOST)
        .map_err(|error| Failure::new(crate::failure::Exit::Failed, format!("{error:?}")))?;
    for one in advice {
        let (name, gained) = (&names[one.which], one.gained);
        output::line(format!("one more {name}: {gained} more of the mix"));
    }
    Ok(())
}
