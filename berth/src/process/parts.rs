//! What every command that reaches the database has.

use std::sync::Arc;

use berth_model::{Actor, Caller, Clock, Ids, SystemClock};
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

/// Who runs a command on the provider's own machine is the provider.
pub(crate) fn provider() -> Cx {
    Cx::new(Actor::new(Caller::Platform))
}
