//! The one binary. Everything is in the library, so that tests reach it.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    berth::cli::run(berth::cli::Cli::parse())
}
