//! `berth config`

use crate::{
    cli,
    config::{Config, example, show},
    failure::Failure,
    output,
};

pub(super) fn run(file: Option<&str>, command: cli::Config) -> Result<(), Failure> {
    match command {
        cli::Config::Check => {
            Config::load(file)?;
            output::line("The configuration has no mistakes.");
        }
        cli::Config::Show => output::text(show(file)?),
        cli::Config::Example => output::text(example()),
    }
    Ok(())
}
