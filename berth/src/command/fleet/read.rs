//! Reads a fleet from a file.

use std::path::Path;

use berth_placement::file::{FileError, FleetFile, Loaded, from_ganeti};

use crate::failure::{Exit, Failure};

/// JSON if it begins like it, else Ganeti's text format.
pub(super) fn fleet(file: &Path) -> Result<Loaded, Failure> {
    let text = text(file)?;
    let wrong = |why: String| Failure::new(Exit::Failed, format!("{}: {why}", file.display()));
    let fleet: FleetFile = if is_ganeti(&text) {
        from_ganeti(&text).map_err(|error| wrong(error.to_string()))?
    } else {
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?
    };
    Loaded::new(&fleet).map_err(|error| wrong(error.to_string()))
}

/// What doesn't begin like JSON.
pub(super) fn is_ganeti(text: &str) -> bool {
    !text.trim_start().starts_with('{')
}

pub(super) fn text(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::new(Exit::Unreachable, format!("{}: {error}", file.display())))
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}
