//! `berth keys`

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

use berth_model::{Ids, SystemClock};
use berth_store::{KeyUse, Keyring, Store};

use crate::{
    config::Config,
    failure::Failure,
    output,
    process::parts::{Parts, audited},
};

/// Secrets that are sealed anew in one transaction.
const BATCH: i64 = 200;

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

/// `berth keys list`
pub(super) async fn list(config: &Config) -> Result<(), Failure> {
    let uses = Parts::new(config)?.store.keys_list().await?;
    output::text(table(&uses));
    Ok(())
}

/// A line for each key.
fn table(uses: &[KeyUse]) -> String {
    let width = uses
        .iter()
        .map(|key| key.id.len())
        .max()
        .unwrap_or(0)
        .max(3);
    let mut text = format!("{:width$}  {:>8}  {:>8}\n", "key", "secrets", "requests");
    for key in uses {
        let note = if !key.known {
            "MISSING: keys.file lacks it, and what it seals can't be read"
        } else if key.newest {
            "seals"
        } else if key.is_needless() {
            "needless: its line can be removed from keys.file"
        } else if key.secrets == 0 {
            "needless a day after the last request"
        } else {
            "seals until: berth keys rotate"
        };
        let (id, secrets, requests) = (&key.id, key.secrets, key.requests);
        text += &format!("{id:width$}  {secrets:>8}  {requests:>8}  {note}\n");
    }
    text
}

/// `berth keys rotate`
pub(super) async fn rotate(config: &Config) -> Result<(), Failure> {
    let store = Parts::new(config)?.store;
    let rotated = audited(&store, "keysRotate", None, async |_| {
        rotate_all(&store).await
    });
    let (sealed, failed) = rotated.await?;
    output::line(format!("{sealed} secrets were sealed with the newest key."));
    let uses = store.keys_list().await?;
    output::text(table(&uses));
    let missing: i64 = uses
        .iter()
        .filter(|key| !key.known)
        .map(|key| key.secrets)
        .sum();
    if failed.is_empty() && missing == 0 {
        return Ok(());
    }
    let mut message = String::new();
    if missing > 0 {
        message += &format!("{missing} secrets need a key that keys.file lacks\n");
    }
    for place in failed {
        message += &format!("a secret does not open with the key that it names: {place}\n");
    }
    Err(message.trim_end().to_owned().into())
}

/// How many secrets were sealed anew, and the places of those that don't open.
async fn rotate_all(store: &Store) -> berth_model::Result<(usize, Vec<String>)> {
    let (mut sealed, mut failed) = (0, Vec::new());
    loop {
        let done = store.keys_rotate(BATCH, &failed).await?;
        if done.sealed == 0 && done.failed.is_empty() {
            return Ok((sealed, failed));
        }
        sealed += done.sealed;
        failed.extend(done.failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_what_can_be_done() {
        let key = |id: &str, known, newest, secrets, requests| KeyUse {
            id: id.to_owned(),
            known,
            newest,
            secrets,
            requests,
        };
        insta::assert_snapshot!(table(&[
            key("first", true, false, 0, 0),
            key("second", true, false, 0, 3),
            key("third", true, false, 12, 3),
            key("fourth", true, true, 1_234, 56),
            key("lost", false, false, 1, 0),
        ]));
    }

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
