//! The file of a simulated machine: locked, read, changed and replaced as a whole.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use berth_model::{Error, Result};

use super::SimulatorState;

/// Where a machine's state is.
#[derive(Clone, Debug)]
pub(super) struct StateFile {
    state: PathBuf,
    fresh: PathBuf,
    lock: PathBuf,
}

impl StateFile {
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        Self {
            state: folder.join(format!("{name}.json")),
            fresh: folder.join(format!("{name}.json.new")),
            lock: folder.join(format!("{name}.lock")),
        }
    }

    /// Makes the file unless it is there.
    pub(super) fn create(&self, state: impl FnOnce() -> SimulatorState) -> Result<()> {
        let _lock = self.lock().map_err(Error::internal)?;
        if self.state.exists() {
            return Ok(());
        }
        self.write(&state())
    }

    /// Runs `change` alone in the world on the state, which is kept unless it fails.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut SimulatorState) -> Result<T>,
    ) -> Result<T> {
        // The lock ends with the file handle, and so with a process that is killed.
        let _lock = self.lock().map_err(Error::internal)?;
        let bytes = fs::read(&self.state).map_err(Error::internal)?;
        let before: SimulatorState = serde_json::from_slice(&bytes).map_err(Error::internal)?;
        let mut state = before.clone();
        let result = change(&mut state)?;
        if state != before {
            self.write(&state)?;
        }
        Ok(result)
    }

    /// Changes whenever the file was replaced; `None` if it can't be told.
    pub(super) fn stamp(&self) -> Option<(u64, std::time::SystemTime)> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(&self.state).ok()?;
        Some((metadata.ino(), metadata.modified().ok()?))
    }

    fn lock(&self) -> io::Result<File> {
        let file = match File::options().write(true).open(&self.lock) {
            Err(error) if error.kind() == ErrorKind::NotFound => File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&self.lock)?,
            file => file?,
        };
        file.lock()?;
        Ok(file)
    }

    /// Replaces the file, so that a process that is killed leaves the old one or the new one. It is
    /// not synced to the disk: a simulation need not survive a power cut.
    fn write(&self, state: &SimulatorState) -> Result<()> {
        let bytes = serde_json::to_vec(state).map_err(Error::internal)?;
        fs::write(&self.fresh, bytes).map_err(Error::internal)?;
        fs::rename(&self.fresh, &self.state).map_err(Error::internal)
    }
}
