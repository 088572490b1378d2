//! A transaction in a scope: the third wall between tenants.

use std::ops::{Deref, DerefMut};

use berth_model::{ClientId, Result, Scope, Timestamp};
use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{QueryFragment, QueryId},
};
use diesel_async::{
    AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, methods::LoadQuery,
    pooled_connection::deadpool::Object,
};
use futures::future::BoxFuture;

use crate::{error::internal, sql::Sql};

/// A transaction whose role and settings are the scope's. Dropped without [`Tx::commit`] it takes
/// its connection with it, so that no later call can find itself inside it.
pub(crate) struct Tx {
    connection: Option<Object<AsyncPgConnection>>,
}

impl Tx {
    /// Begins. `now` is the time that triggers write down.
    pub(crate) async fn begin(
        mut connection: Object<AsyncPgConnection>,
        scope: Scope,
        client_id: Option<ClientId>,
        now: Timestamp,
    ) -> Result<Self> {
        let mut sql = begin_sql(scope, client_id);
        sql += &format!("SET LOCAL berth.now = '{}';", now.to_rfc3339());
        let begun = connection.batch_execute(&sql).await;
        let tx = Self {
            connection: Some(connection),
        };
        begun.map_err(internal)?;
        Ok(tx)
    }

    /// Begins and asks one question, both in one trip. A statement that this connection never ran
    /// takes one more, to be prepared; the transaction has begun by then in any case. The client
    /// isn't set: only the policy on idempotency keys looks at it, and a setting costs about as much
    /// as the policies of a small query.
    pub(crate) fn begin_load<'query, Q, R>(
        connection: Object<AsyncPgConnection>,
        scope: Scope,
        query: Q,
    ) -> BoxFuture<'query, Result<(Self, QueryResult<Vec<R>>)>>
    where
        Q: for<'c> LoadQuery<'query, &'c AsyncPgConnection, R> + Send + 'query,
        R: Send + 'static,
    {
        // Boxed, as the compiler can't see through two borrows of one connection that it is `Send`.
        Box::pin(async move {
            let tx = Self {
                connection: Some(connection),
            };
            let sql = begin_sql(scope, None);
            let shared: &AsyncPgConnection = &tx;
            let (mut first, mut second) = (shared, shared);
            // Polled in this order, so that it is sent in this order. Were it not, the question
            // would be refused: the login role itself may read nothing.
            let (begun, rows) = futures::join!(first.batch_execute(&sql), async {
                query.load(&mut second).await
            });
            begun.map_err(internal)?;
            Ok((tx, rows))
        })
    }

    /// A transaction of one statement, in one trip: for what changes everything or fails. So nothing
    /// is looked at before the commit is sent, which ends a failed transaction without a trace. The
    /// rows that were changed. As above, a connection's first time takes more trips.
    pub(crate) fn alone<'query, Q>(
        connection: Object<AsyncPgConnection>,
        scope: Scope,
        statement: Q,
    ) -> BoxFuture<'query, Result<QueryResult<usize>>>
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'query,
    {
        Box::pin(async move {
            let mut tx = Self {
                connection: Some(connection),
            };
            let sql = begin_sql(scope, None);
            let shared: &AsyncPgConnection = &tx;
            let (mut first, mut second, mut third) = (shared, shared, shared);
            // In this order, as above. The commit is a prepared statement too, since those wait
            // for each other while one is prepared. A statement that came after it would be refused.
            let (begun, done, committed) = futures::join!(
                first.batch_execute(&sql),
                async { statement.execute(&mut second).await },
                async { Sql::new("COMMIT").execute(&mut third).await }
            );
            begun.map_err(internal)?;
            committed.map_err(internal)?;
            drop(tx.connection.take());
            Ok(done)
        })
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        if let Some(mut connection) = self.connection.take()
            && let Err(cause) = connection.batch_execute("COMMIT").await
        {
            // What became of it is unknown; the connection is not used again.
            let _ = Object::take(connection);
            return Err(internal(cause));
        }
        Ok(())
    }

    /// Commits what went well. After a refusal nothing is kept, and the connection serves on: a
    /// wrong argument must not cost a new connection.
    pub(crate) async fn end<T>(self, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => self.commit().await.map(|()| value),
            Err(refusal) => {
                self.rollback().await;
                Err(refusal)
            }
        }
    }

    /// Takes everything back; the connection serves on.
    pub(crate) async fn rollback(mut self) {
        if let Some(mut connection) = self.connection.take()
            && connection.batch_execute("ROLLBACK").await.is_err()
        {
            let _ = Object::take(connection);
        }
    }
}

impl Deref for Tx {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        self.connection
            .as_ref()
            .expect("there until commit or drop, which consume it")
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.connection
            .as_mut()
            .expect("there until commit or drop, which consume it")
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = Object::take(connection);
        }
    }
}

/// The values are UUIDs and fixed words, so nothing needs quoting.
fn begin_sql(scope: Scope, client_id: Option<ClientId>) -> String {
    let mut sql = format!("BEGIN; SET LOCAL ROLE {};", role(scope));
    match scope {
        Scope::Tenant(id) => sql += &format!("SET LOCAL berth.tenant_id = '{}';", id.0),
        Scope::Storefront(id) | Scope::Visitor(id) => {
            sql += &format!("SET LOCAL berth.storefront_id = '{}';", id.0)
        }
        Scope::Account(id) => sql += &format!("SET LOCAL berth.account_id = '{}';", id.0),
        Scope::Login(realm) => sql += &format!("SET LOCAL berth.realm_id = '{}';", realm.uuid()),
        Scope::Platform { .. } | Scope::Worker | Scope::Auth => {}
    }
    if let Some(id) = client_id {
        sql += &format!("SET LOCAL berth.client_id = '{}';", id.0);
    }
    sql
}

fn role(scope: Scope) -> &'static str {
    match scope {
        Scope::Tenant(_) => "berth_tenant",
        Scope::Storefront(_) => "berth_storefront",
        Scope::Platform { .. } => "berth_platform",
        Scope::Worker => "berth_worker",
        Scope::Auth => "berth_auth",
        Scope::Account(_) => "berth_account",
        Scope::Login(_) => "berth_login",
        Scope::Visitor(_) => "berth_visitor",
    }
}
