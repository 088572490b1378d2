//! The pool, and what every query needs beside it.

use std::{fmt, sync::Arc, time::Duration};

use berth_model::{Clock, Error, ErrorCode, Ids, Result, Scope};
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{QueryFragment, QueryId},
};
use diesel_async::{
    AsyncPgConnection,
    methods::LoadQuery,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool},
};

use tokio::sync::Semaphore;

use crate::{Cx, Keyring, error::internal, identity::Passwords, tx::Tx};

/// How to reach the database.
#[derive(Clone)]
pub struct StoreConfig {
    /// `postgres://berth_app:…@host/database`: the login role that `berth migrate` made.
    pub url: String,
    /// Connections at most. Reaching it makes requests wait, `wait` at most. Authentications use
    /// half of them: a flood of wrong secrets must leave something to those whose secret is right.
    pub max_connections: usize,
    /// How long a request waits for a connection.
    pub wait: Duration,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: deadpool::Pool<AsyncPgConnection>,
    /// How many more authentications may use a connection now.
    pub(crate) auth_turns: Arc<Semaphore>,
    /// How long a turn or a connection is waited for.
    pub(crate) wait: Duration,
    pub(crate) url: Arc<str>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<Ids>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) passwords: Arc<Passwords>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("pool", &self.pool.status())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A pool for the database. Connects with the first query, not here.
    pub fn new(
        config: &StoreConfig,
        clock: Arc<dyn Clock>,
        ids: Arc<Ids>,
        keyring: Arc<Keyring>,
    ) -> Result<Self> {
        let mut manager = ManagerConfig::default();
        // A query on a connection that died fails by itself; asking first would cost every request
        // a trip.
        manager.recycling_method = RecyclingMethod::Fast;
        let manager = AsyncDieselConnectionManager::new_with_config(&config.url, manager);
        let pool = deadpool::Pool::builder(manager)
            .max_size(config.max_connections)
            .wait_timeout(Some(config.wait))
            .create_timeout(Some(config.wait))
            .runtime(::deadpool::Runtime::Tokio1)
            .build()
            .map_err(Error::internal)?;
        Ok(Self {
            pool,
            auth_turns: Arc::new(Semaphore::new((config.max_connections / 2).max(1))),
            wait: config.wait,
            url: config.url.as_str().into(),
            clock,
            ids,
            keyring,
            passwords: Arc::new(Passwords::new()),
        })
    }

    /// A transaction in the actor's scope.
    pub(crate) async fn begin(&self, cx: &Cx) -> Result<Tx> {
        self.begin_scope(cx.actor.scope(), cx).await
    }

    /// A transaction in another scope than the actor's: say why in [`Scope::platform`].
    pub(crate) async fn begin_scope(&self, scope: Scope, cx: &Cx) -> Result<Tx> {
        let connection = self.pool.get().await.map_err(unavailable)?;
        Tx::begin(connection, scope, cx.actor.client_id, self.clock.now()).await
    }

    /// The rows of one question, in the actor's scope.
    pub(crate) async fn rows<'query, Q, R>(&self, cx: &Cx, query: Q) -> Result<Vec<R>>
    where
        Q: for<'c> LoadQuery<'query, &'c AsyncPgConnection, R> + Send + 'query,
        R: Send + 'static,
    {
        self.rows_scope(cx.actor.scope(), query).await
    }

    /// The same in another scope than the actor's.
    pub(crate) async fn rows_scope<'query, Q, R>(&self, scope: Scope, query: Q) -> Result<Vec<R>>
    where
        Q: for<'c> LoadQuery<'query, &'c AsyncPgConnection, R> + Send + 'query,
        R: Send + 'static,
    {
        let connection = self.pool.get().await.map_err(unavailable)?;
        let (tx, rows) = Tx::begin_load(connection, scope, query).await?;
        tx.end(rows.map_err(internal)).await
    }

    /// One statement that changes everything or fails; the rows that it changed.
    pub(crate) async fn alone<'query, Q>(
        &self,
        scope: Scope,
        statement: Q,
    ) -> Result<QueryResult<usize>>
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'query,
    {
        let connection = self.pool.get().await.map_err(unavailable)?;
        Tx::alone(connection, scope, statement).await
    }

    /// Whether the database answers; for readiness.
    pub async fn ping(&self) -> Result<()> {
        let tx = self.begin_scope(Scope::Auth, &Cx::worker("ping")).await?;
        tx.commit().await
    }

    /// Connections in use and in all, for metrics.
    #[must_use]
    pub fn pool_status(&self) -> (usize, usize) {
        let status = self.pool.status();
        (
            status.size.saturating_sub(status.available),
            status.max_size,
        )
    }
}

/// No connection, or no turn, in time.
pub(crate) fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorCode::Unavailable,
        "The database can't be reached now. Try again in a minute.",
    )
    .because(cause)
}
