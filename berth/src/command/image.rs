//! `berth image`

use std::path::{Path, PathBuf};

use crate::{config::Config, failure::Failure, image, output};

pub(super) fn import(
    config: Option<&str>,
    file: &Path,
    directory: Option<PathBuf>,
) -> Result<(), Failure> {
    let directory = match directory {
        Some(directory) => directory,
        None => Config::load(config)?.image_directory,
    };
    let imported = image::import(&directory, file)?;
    output::line(format!("sha256        {}", imported.sha256));
    output::line(format!("size          {} bytes", imported.size_bytes));
    output::line(format!("virtual size  {} bytes", imported.virtual_bytes));
    Ok(())
}
