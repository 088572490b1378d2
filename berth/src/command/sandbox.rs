//! `berth sandbox`

use crate::{
    cli::{self, SandboxCommand},
    failure::Failure,
    sandbox,
};

pub(super) async fn run(arguments: cli::Sandbox) -> Result<(), Failure> {
    match arguments.command {
        None => sandbox::run(arguments).await,
        Some(SandboxCommand::Fault { fault, switch }) => {
            sandbox::fault(&arguments.directory, fault, switch == cli::Switch::On).await
        }
    }
}
