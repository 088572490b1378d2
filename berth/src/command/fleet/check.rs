//! `berth fleet check`

use serde::Serialize;

use super::tell::json;
use crate::{
    config::Config,
    failure::{Exit, Failure},
    output,
    process::parts::{Parts, provider},
};

/// The answer as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckReport {
    mismatches: Vec<MismatchTold>,
}

/// Something that counts as sold what isn't, or the other way round.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MismatchTold {
    of: String,
    what: String,
    counter: i64,
    sum: i64,
}

pub(super) async fn check(config: &Config, is_json: bool) -> Result<(), Failure> {
    let parts = Parts::new(config)?;
    let mismatches = parts.store.counters_check(&provider()).await?;
    let report = CheckReport {
        mismatches: mismatches
            .iter()
            .map(|one| MismatchTold {
                of: one.of.to_string(),
                what: one.what.to_string(),
                counter: one.counter,
                sum: one.sum,
            })
            .collect(),
    };
    if is_json {
        json(&report)?;
    }
    if report.mismatches.is_empty() {
        if !is_json {
            output::line("What machines count as sold equals the sums of reservations.");
        }
        return Ok(());
    }
    let lines: Vec<String> = report
        .mismatches
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
