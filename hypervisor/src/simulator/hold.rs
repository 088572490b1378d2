//! Who moves a guest: a lock that ends with the process, so that nobody has to be asked whether the
//! mover is still there.

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use berth_model::{Error, Result};
use uuid::Uuid;

/// Held for as long as a guest's move goes on. Dropped, or with a process that is killed, the move
/// is over: with the guest wherever it then is.
#[derive(Debug)]
pub(super) struct Hold {
    path: PathBuf,
    _file: File,
}

impl Hold {
    /// Begins a move; `None` if another one of this guest goes on.
    pub(super) fn take(folder: &Path, id: Uuid, from: &str, to: &str) -> Result<Option<Self>> {
        let path = path(folder, id, from, to);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::internal)?;
        let locked = is_locked_by_us(file.try_lock())?;
        Ok(locked.then_some(Self { path, _file: file }))
    }

    /// Whether someone moves this guest.
    pub(super) fn is_held(folder: &Path, id: Uuid, from: &str, to: &str) -> Result<bool> {
        match File::open(path(folder, id, from, to)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            // Shared, so that two who ask don't take each other for the mover.
            file => Ok(!is_locked_by_us(
                file.map_err(Error::internal)?.try_lock_shared(),
            )?),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // One that stays holds nothing without its lock.
        drop(fs::remove_file(&self.path));
    }
}

fn is_locked_by_us(result: std::result::Result<(), TryLockError>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(Error::internal(error)),
    }
}

fn path(folder: &Path, id: Uuid, from: &str, to: &str) -> PathBuf {
    folder.join(format!("{id}.{from}.{to}.move"))
}
