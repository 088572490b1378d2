//! `berth keys`

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

use berth_model::{Ids, SystemClock};
use berth_store::Keyring;

use crate::{failure::Failure, output};

pub(super) fn run(file: &Path, if_missing: bool) -> Result<(), Failure> {
    if generate(file, if_missing)? {
        output::line(format!(
            "A new key is in {}. Keep a copy elsewhere.",
            file.display()
        ));
    }
    Ok(())
}

/// Appends a key; whether one was made.
pub(crate) fn generate(file: &Path, if_missing: bool) -> Result<bool, Failure> {
    if if_missing && file.exists() {
        return Ok(false);
    }
    let failed = |cause: std::io::Error| format!("{}: {cause}", file.display());
    let line = Keyring::generate_line(&Ids::new(Arc::new(SystemClock)));
    let mut keyring = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file)
        .map_err(failed)?;
    let mode = keyring.metadata().map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        // A key that others may read is none.
        return Err(format!("others may read {0}; run: chmod 600 {0}", file.display()).into());
    }
    keyring
        .write_all(line.as_bytes())
        .and_then(|()| keyring.sync_all())
        .map_err(failed)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_added_and_readable_by_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keyring");
        assert!(generate(&file, true).unwrap());
        let first = std::fs::read_to_string(&file).unwrap();
        assert!(!generate(&file, true).unwrap());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
        generate(&file, false).unwrap();
        let both = std::fs::read_to_string(&file).unwrap();
        assert!(both.starts_with(&first) && both.lines().count() == 2);
        assert!(Keyring::parse(&both).is_ok());
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(
            generate(&file, false)
                .unwrap_err()
                .message
                .contains("chmod 600")
        );
    }
}
