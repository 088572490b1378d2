//! The commands, one file each.

mod client;
mod config;
mod fleet;
mod image;
mod invitation;
mod keys;
mod migrate;
mod provision;
mod sandbox;
mod serve;

pub(crate) use client::{Credentials, client_keep, env_file_read, storefront};
pub(crate) use keys::generate;
pub(crate) use migrate::apply;

use std::sync::Arc;

use berth_operations::Boundary;

use crate::{
    cli::{Cli, Command},
    config::Config,
    demo,
    failure::Failure,
    output,
    process::roles::Roles,
};

pub(crate) async fn run(cli: Cli, boundary: &Arc<dyn Boundary>) -> Result<(), Failure> {
    let file = cli.config.as_deref();
    let load = || Config::load(file).map_err(Failure::from);
    match cli.command {
        Command::Serve => {
            serve::run(
                load()?,
                Roles {
                    api: true,
                    worker: true,
                },
                boundary,
            )
            .await
        }
        Command::Api => {
            serve::run(
                load()?,
                Roles {
                    api: true,
                    worker: false,
                },
                boundary,
            )
            .await
        }
        Command::Worker => {
            serve::run(
                load()?,
                Roles {
                    api: false,
                    worker: true,
                },
                boundary,
            )
            .await
        }
        Command::Migrate => migrate::run(&load()?).await,
        Command::Config(command) => config::run(file, command),
        Command::Client(crate::cli::Client::Create(arguments)) => {
            client::create(&load()?, arguments).await
        }
        Command::Invitation(crate::cli::Invitation::Create(arguments)) => {
            invitation::create(&load()?, arguments).await
        }
        Command::Keys(crate::cli::Keys::Generate { file, if_missing }) => {
            keys::run(&file, if_missing)
        }
        Command::Keys(crate::cli::Keys::List) => keys::list(&load()?).await,
        Command::Keys(crate::cli::Keys::Rotate) => keys::rotate(&load()?).await,
        Command::Image(crate::cli::Image::Import {
            file: image,
            directory,
        }) => image::import(file, &image, directory),
        Command::Fleet(command) => fleet::run(command, load).await,
        Command::Provision(arguments) => provision::run(file, arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Sandbox(arguments) => sandbox::run(arguments).await,
        Command::Schema => {
            output::text(berth_api::sdl());
            Ok(())
        }
    }
}
