//! `berth fleet`: one command asks the database; the others work on a file and on nothing else.

mod check;
mod explain;
mod forecast;
mod picture;
mod place;
mod plan;
mod read;
mod simulate;
mod survive;
mod tell;

use crate::{cli::Fleet, config::Config, failure::Failure};

pub(super) async fn run(
    command: Fleet,
    load: impl FnOnce() -> Result<Config, Failure>,
) -> Result<(), Failure> {
    match command {
        Fleet::Check { json } => check::check(&load()?, json).await,
        Fleet::Explain(arguments) => explain::run(&arguments),
        Fleet::Forecast(arguments) => forecast::run(&arguments),
        Fleet::Place(arguments) => place::run(&arguments),
        Fleet::Survive(arguments) => survive::run(&arguments),
        Fleet::Plan(arguments) => plan::run(&arguments),
        Fleet::Simulate(arguments) => simulate::run(&arguments),
    }
}
