//! What every command that reaches the database has.

use std::{fs, os::unix::fs::MetadataExt, sync::Arc};

use berth_model::{Clock, Error, GlobalId, Ids, Result, SystemClock};
use berth_store::{Cx, Keyring, Store, StoreConfig};

use crate::{config::Config, failure::Failure};

/// Clock, ids and database.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) store: Store,
}

impl Parts {
    /// Connects with the first query, not here.
    pub(crate) fn new(config: &Config) -> Result<Self, Failure> {
        let file = &config.keyring_file;
        let failed = |cause: String| format!("{}: {cause}", file.display());
        let keyring = Arc::new(Keyring::file(file).map_err(failed)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids = Arc::new(Ids::new(Arc::clone(&clock)));
        let database = StoreConfig {
            url: config.database.url.clone(),
            max_connections: config.database.max_connections,
            wait: config.database.wait,
        };
        let store = Store::new(&database, Arc::clone(&clock), Arc::clone(&ids), keyring)?;
        Ok(Self { clock, ids, store })
    }
}

/// Who runs a command on the provider's own machine is the provider, by the name of that user.
pub(crate) fn provider() -> Cx {
    Cx::command_line(&user_name())
}

/// Changes something by a command: written down before it begins, and completed when it is over.
pub(crate) async fn audited<T>(
    store: &Store,
    action: &str,
    subject: Option<GlobalId>,
    work: impl AsyncFnOnce(&Cx) -> Result<T>,
) -> Result<T> {
    let mut cx = provider();
    let line = store.audit_open(&cx, action, subject).await?;
    cx.audit = Some(line.clone());
    let done = work(&cx).await;
    let refused = done.as_ref().err().map(Error::code);
    let completed = store.audit_complete(&cx, &line, refused).await;
    let done = done?;
    completed?;
    Ok(done)
}

/// The user that this process runs as, from the system's own files: a variable could say anything.
/// One that they don't know is its number.
pub(crate) fn user_name() -> String {
    let Ok(process) = fs::metadata("/proc/self") else {
        return "unknown".to_owned();
    };
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let uid = process.uid().to_string();
    user_of(&users, &uid).unwrap_or(uid)
}

/// The name of a number in passwd(5).
fn user_of(users: &str, uid: &str) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number == uid).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_name_that_the_system_knows() {
        let users = "root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/sh\n";
        assert_eq!(user_of(users, "1000").as_deref(), Some("anna"));
        assert_eq!(user_of(users, "7"), None);
        assert!(!user_name().is_empty());
    }
}
