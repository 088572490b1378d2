//! Fresh databases for tests, on the real PostgreSQL that `BERTH_TEST_DATABASE_URL` names: a URL of
//! a role that may make roles and databases. Without it a test fails; it never skips.
//!
//! Each database is a clone of a template, which is made once for each state of the schema. Feature
//! `testing`.

use std::{env, fmt, sync::Arc, thread, time::Duration};

use berth_model::{Clock, Ids, ManualClock, Result, Scope, SystemClock, Timestamp};
use diesel::sql_query;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

pub mod logs;

pub use crate::queue::testing::{QueueDeployment, QueueFixture};
use crate::{Cx, Keyring, NewNotice, Store, StoreConfig, migrate};

/// The variable that names the server.
pub const URL_VARIABLE: &str = "BERTH_TEST_DATABASE_URL";

/// The password of `berth_app` in tests.
pub const APP_PASSWORD: &str = "app-password-of-tests";

/// A keyring for tests.
pub const KEYRING: &str = "test:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// When tests begin: 2026-01-02T03:04:05Z.
pub const START_SECONDS: i64 = 1_767_323_045;

/// A number of ours for the advisory lock under which the template is made.
const LOCK: i64 = 0x6265_7274_6803;

/// A database of its own, with every schema change. It is removed when this is dropped.
pub struct TestDatabase {
    name: String,
    /// As the schema's owner.
    pub owner_url: String,
    /// As Berth.
    pub app_url: String,
    /// The clock of [`TestDatabase::store`]: it stands until a test moves it.
    pub clock: Arc<ManualClock>,
    /// The ids of [`TestDatabase::store`], seeded.
    pub ids: Arc<Ids>,
    /// A store of at most 16 connections.
    pub store: Store,
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDatabase")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl TestDatabase {
    /// A clone of the template.
    pub async fn new() -> Self {
        logs::start();
        let server = server_url();
        let template = template(&server).await;
        let name = format!(
            "berth_test_{}",
            Ids::new(Arc::new(SystemClock)).uuid().simple()
        );
        run(
            &server,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        let start = Timestamp::from_timestamp(START_SECONDS, 0).expect("a time of this century");
        let clock = Arc::new(ManualClock::new(start));
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        let app_url = with_user(&with_database(&server, &name), "berth_app", APP_PASSWORD);
        let store = store(&app_url, clock.clone(), ids.clone());
        Self {
            owner_url: with_database(&server, &name),
            app_url,
            clock,
            ids,
            store,
            name,
        }
    }

    /// Runs statements as the schema's owner, whom no policy holds.
    pub async fn sql(&self, sql: &str) {
        run(&self.owner_url, sql).await;
    }

    /// The one number that a query as the schema's owner gives: `SELECT … AS number`, a bigint.
    pub async fn number(&self, query: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            number: i64,
        }
        let mut connection = connect(&self.owner_url).await;
        let row: Result<Row, _> = sql_query(query).get_result(&mut connection).await;
        row.unwrap_or_else(|cause| panic!("{query}: {cause}"))
            .number
    }

    /// An empty database without the schema, for tests of the schema changes themselves.
    pub async fn empty() -> Self {
        let database = Self::new().await;
        let server = server_url();
        let name = &database.name;
        run(&server, &format!("DROP DATABASE {name}")).await;
        run(&server, &format!("CREATE DATABASE {name}")).await;
        database
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (server_url(), self.name.clone());
        let owner_url = self.owner_url.clone();
        // A runtime of its own on a thread of its own: a drop can't await on the test's.
        let removed = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("the test itself runs on such a runtime");
            runtime.block_on(async {
                logs::plant_sealed(&owner_url).await;
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                run(&server, &sql).await;
            });
        })
        .join();
        if removed.is_err() {
            tracing::warn!(name = self.name, "a test database stays behind");
        }
    }
}

/// The tables that [`Store::keys_rotate`] knows.
#[must_use]
pub fn sealed_tables() -> Vec<&'static str> {
    crate::keys::sealed_tables().collect()
}

/// Writes a notice as those who cause one do, in a transaction of a scope.
pub async fn notice_write(store: &Store, scope: Scope, notice: NewNotice<'_>) -> Result<()> {
    let mut tx = store.begin_scope(scope, &Cx::worker("test")).await?;
    let written = store.notice_write(&mut tx, notice).await;
    tx.end(written).await
}

/// A store for a database of tests.
#[must_use]
pub fn store(app_url: &str, clock: Arc<dyn Clock>, ids: Arc<Ids>) -> Store {
    let keyring = Keyring::parse(KEYRING).expect("the line above is one");
    store_with(app_url, clock, ids, keyring)
}

/// The same with another keyring.
#[must_use]
pub fn store_with(app_url: &str, clock: Arc<dyn Clock>, ids: Arc<Ids>, keyring: Keyring) -> Store {
    let config = StoreConfig {
        url: app_url.to_owned(),
        max_connections: 16,
        wait: Duration::from_secs(30),
    };
    Store::new(&config, clock, ids, Arc::new(keyring)).expect("a pool connects later")
}

/// The server's URL, as given.
#[must_use]
pub fn server_url() -> String {
    env::var(URL_VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{URL_VARIABLE} is not set. These tests need a real PostgreSQL: give the URL of a role \
             that may make roles and databases, such as postgres://owner@127.0.0.1:5432/postgres."
        )
    })
}

/// The same server and role, another database.
#[must_use]
pub fn with_database(url: &str, database: &str) -> String {
    let (head, query) = url
        .split_once('?')
        .map_or((url, None), |(head, query)| (head, Some(query)));
    let authority = head.find("://").map_or(0, |at| at + 3);
    let end = head[authority..]
        .find('/')
        .map_or(head.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{database}{query}", &head[..end])
}

fn with_user(url: &str, user: &str, password: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .expect("a URL of PostgreSQL has a scheme");
    let path = rest.find('/').unwrap_or(rest.len());
    let host = rest[..path]
        .rsplit_once('@')
        .map_or(&rest[..path], |(_, host)| host);
    format!("{scheme}://{user}:{password}@{host}{}", &rest[path..])
}

async fn template(server: &str) -> String {
    // The password is the cluster's: one that was made with another has no such template.
    let name = format!(
        "berth_template_{}_{}",
        env!("BERTH_MIGRATIONS_HASH"),
        APP_PASSWORD.len()
    );
    let mut connection = connect(server).await;
    execute(&mut connection, &format!("SELECT pg_advisory_lock({LOCK})")).await;
    // Not by a connection to it: nobody may be connected to a template while it is cloned.
    let known = sql_query(format!("SELECT FROM pg_database WHERE datname = '{name}'"));
    if known
        .execute(&mut connection)
        .await
        .expect("the catalogue answers")
        == 0
    {
        let building = format!("{name}_building");
        execute(
            &mut connection,
            &format!("DROP DATABASE IF EXISTS {building}"),
        )
        .await;
        execute(&mut connection, &format!("CREATE DATABASE {building}")).await;
        migrated(with_database(server, &building)).await;
        execute(
            &mut connection,
            &format!("ALTER DATABASE {building} RENAME TO {name}"),
        )
        .await;
    }
    execute(
        &mut connection,
        &format!("SELECT pg_advisory_unlock({LOCK})"),
    )
    .await;
    name
}

/// Applies every schema change. diesel's migrations block their thread, which a test's runtime allows
/// only if it has several: so on a runtime of its own.
async fn migrated(url: String) {
    let migrating = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        runtime
            .expect("the test itself runs on such a runtime")
            .block_on(migrate(&url, APP_PASSWORD))
    });
    let done = migrating.await.expect("migrating doesn't panic");
    done.map_err(|error| error.cause_text())
        .expect("every schema change applies");
}

async fn run(url: &str, sql: &str) {
    execute(&mut connect(url).await, sql).await;
}

async fn execute(connection: &mut AsyncPgConnection, sql: &str) {
    if let Err(cause) = connection.batch_execute(sql).await {
        panic!("{sql}: {cause}");
    }
}

async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url)
        .await
        .unwrap_or_else(|cause| {
            panic!("The PostgreSQL of {URL_VARIABLE} can't be reached: {cause}. Is it started?")
        })
}
