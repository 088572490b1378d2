//! Schema changes and the roles that they need.

use berth_model::{Error, Result, Scope};
use diesel::{
    QueryableByName,
    migration::{Migration, MigrationSource},
    pg::Pg,
};
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use postgres_protocol::password::scram_sha_256;

use crate::{Cx, Store, error::internal};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// A number of ours for advisory locks: one schema change at a time in a database.
const LOCK: i64 = 0x6265_7274_6801;

/// How often the roles are tried.
const ROLE_TRIES: usize = 10;

/// The roles that transactions take, without `berth_`: one for each kind of `Scope`.
const SCOPES: &[&str] = &[
    "tenant",
    "storefront",
    "platform",
    "worker",
    "auth",
    "account",
    "login",
    "visitor",
];

/// What was done.
#[derive(Debug)]
pub struct MigrateReport {
    /// Versions that were applied now, in order.
    pub applied: Vec<String>,
}

/// Makes the roles, gives the login role `berth_app` its password, and applies what is missing.
/// `owner_url` is of a role that may make roles and owns the database.
pub async fn migrate(owner_url: &str, app_password: &str) -> Result<MigrateReport> {
    let mut connection = AsyncPgConnection::establish(owner_url)
        .await
        .map_err(Error::internal)?;
    connection
        .batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))
        .await
        .map_err(Error::internal)?;
    roles_make(&mut connection, app_password).await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let applied = harness
        .run_pending_migrations(MIGRATIONS)
        .map_err(Error::internal)?;
    let applied = applied.iter().map(ToString::to_string).collect();
    let mut connection = harness.into_inner();
    // So that every process can see whether it fits the schema.
    connection
        .batch_execute("GRANT SELECT ON __diesel_schema_migrations TO berth_auth")
        .await
        .map_err(Error::internal)?;
    connection
        .batch_execute(&unlock_sql())
        .await
        .map_err(Error::internal)?;
    Ok(MigrateReport { applied })
}

/// Takes back every schema change: everything is lost. For tests of `down.sql`.
pub async fn migrate_down(owner_url: &str) -> Result<()> {
    let connection = AsyncPgConnection::establish(owner_url)
        .await
        .map_err(Error::internal)?;
    let mut harness = AsyncMigrationHarness::new(connection);
    harness
        .revert_all_migrations(MIGRATIONS)
        .map_err(Error::internal)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

impl Store {
    /// Versions of schema changes that this program has and the database hasn't, in order. More
    /// than this program knows is fine: an older program runs on a newer schema.
    pub async fn schema_missing(&self) -> Result<Vec<String>> {
        let mut tx = self.begin_scope(Scope::Auth, &Cx::worker("schema")).await?;
        let applied: Vec<Applied> =
            diesel::sql_query("SELECT version FROM __diesel_schema_migrations")
                .load(&mut *tx)
                .await
                .map_err(internal)?;
        tx.commit().await?;
        let known: Vec<Box<dyn Migration<Pg>>> =
            MIGRATIONS.migrations().map_err(Error::internal)?;
        let mut versions: Vec<String> = known
            .iter()
            .map(|migration| migration.name().version().to_string())
            .collect();
        versions.retain(|version| !applied.iter().any(|applied| applied.version == *version));
        versions.sort();
        Ok(versions)
    }
}

/// Roles are the cluster's, and the lock is the database's: another database of the cluster may be
/// writing the same roles right now, which PostgreSQL refuses ("tuple concurrently updated"). So
/// try again.
async fn roles_make(connection: &mut AsyncPgConnection, app_password: &str) -> Result<()> {
    let sql = roles_sql(app_password);
    let mut tries = 1;
    loop {
        match connection.batch_execute(&sql).await {
            Ok(()) => return Ok(()),
            Err(cause) if tries == ROLE_TRIES => return Err(Error::internal(cause)),
            Err(_) => tries += 1,
        }
    }
}

fn roles_sql(app_password: &str) -> String {
    let mut sql = String::new();
    let mut role = |name: &str, login: &str| {
        sql += &format!(
            "DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN \
             CREATE ROLE {name} {login} NOINHERIT; END IF; END $do$;"
        );
    };
    role("berth_app", "LOGIN");
    for name in SCOPES {
        role(&format!("berth_{name}"), "NOLOGIN");
    }
    // What the server keeps, and not the password itself: statements get into logs.
    let verifier = scram_sha_256(app_password.as_bytes());
    sql += &format!("ALTER ROLE berth_app PASSWORD '{verifier}';");
    for name in SCOPES {
        sql += &format!("GRANT berth_{name} TO berth_app;");
    }
    sql
}

fn unlock_sql() -> String {
    format!("SELECT pg_advisory_unlock({LOCK})")
}
