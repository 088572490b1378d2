//! `berth fleet check`

use crate::{
    config::Config,
    failure::{Exit, Failure},
    output,
    process::parts::{Parts, provider},
};

pub(super) async fn check(config: &Config) -> Result<(), Failure> {
    let parts = Parts::new(config)?;
    let mismatches = parts.store.counters_check(&provider()).await?;
    if mismatches.is_empty() {
        output::line("What machines count as sold equals the sums of reservations.");
        return Ok(());
    }
    let lines: Vec<String> = mismatches
        .iter()
        .map(|one| {
            format!(
                "{}: {} counts {}, reservations are {}",
                one.of, one.what, one.counter, one.sum
            )
        })
        .collect();
    Err(Failure::new(Exit::Failed, lines.join("\n")))
}
