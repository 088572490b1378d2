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
    folder: PathBuf,
    state: PathBuf,
    fresh: PathBuf,
    lock: PathBuf,
}

impl StateFile {
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            state: folder.join(format!("{name}.json")),
            fresh: folder.join(format!("{name}.json.new")),
            lock: folder.join(format!("{name}.lock")),
        }
    }

    /// The file of another machine of the same world, if it is there.
    pub(super) fn other(&self, name: &str) -> Option<Self> {
        let other = Self::new(&self.folder, name);
        other.state.exists().then_some(other)
    }

    /// Whether both are one machine's.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.state == other.state
    }

    /// Where the machines' files are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
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
        let before = self.read()?;
        let mut state = before.clone();
        let result = change(&mut state)?;
        if state != before {
            self.write(&state)?;
        }
        Ok(result)
    }

    /// As [`StateFile::change`], on this state and another machine's. The other is kept first: who
    /// is killed in between has moved what was moved.
    pub(super) fn change_both<T>(
        &self,
        other: &Self,
        change: impl FnOnce(&mut SimulatorState, &mut SimulatorState) -> Result<T>,
    ) -> Result<T> {
        // In the same order by everyone, or two that move against each other would wait for ever.
        let (first, second) = if self.lock < other.lock {
            (self, other)
        } else {
            (other, self)
        };
        let _first = first.lock().map_err(Error::internal)?;
        let _second = second.lock().map_err(Error::internal)?;
        let (here_before, there_before) = (self.read()?, other.read()?);
        let (mut here, mut there) = (here_before.clone(), there_before.clone());
        let result = change(&mut here, &mut there)?;
        if there != there_before {
            other.write(&there)?;
        }
        if here != here_before {
            self.write(&here)?;
        }
        Ok(result)
    }

    /// The state as it was last kept: the file is replaced as a whole, so that it can be read
    /// without the lock.
    pub(super) fn read(&self) -> Result<SimulatorState> {
        let bytes = fs::read(&self.state).map_err(Error::internal)?;
        serde_json::from_slice(&bytes).map_err(Error::internal)
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
