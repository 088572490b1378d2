//! What the keys of the keyring are in use for, and how a new one takes the place of the old ones.
//!
//! No actor asks: who has the keyring and the database is the provider.

use berth_model::{Result, Scope, Timestamp};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Binary, Text, Timestamptz},
};
use diesel_async::RunQueryDsl;

use crate::{Cx, Store, error::internal, tx::Tx};

/// A table with sealed secrets (columns `key_id` and `sealed`, both null where one is erased), and in
/// SQL what a row's secret is bound to.
struct Sealed {
    table: &'static str,
    place: &'static str,
}

/// Every table with sealed secrets: a test compares it with the database's catalogue.
const SEALED: &[Sealed] = &[
    Sealed {
        table: "account_authenticators",
        // As `authenticator::place` writes it.
        place: "'acc_' || replace(account_id::text, '-', '') || '/authenticator'",
    },
    Sealed {
        table: "deployment_secrets",
        // As `secret::place` writes it.
        place: "'ten_' || replace(tenant_id::text, '-', '') || '/dep_' \
                || replace(deployment_id::text, '-', '') || '/' || name",
    },
    Sealed {
        table: "identity_providers",
        // As `identity_provider_change::place` writes it.
        place: "'idp_' || replace(id::text, '-', '') || '/secret'",
    },
    Sealed {
        table: "identity_trips",
        // As `trip::place` writes it.
        place: "'identity_trip/' || id",
    },
    Sealed {
        table: "notices",
        // As `notice::place` writes it.
        place: "'notice/' || replace(id::text, '-', '')",
    },
    Sealed {
        table: "webhook_endpoint_secrets",
        // As `webhook_secret::place` writes it.
        place: "'whe_' || replace(endpoint_id::text, '-', '') || '/' || id",
    },
];

/// The tables with sealed secrets, for the test that compares.
#[cfg(feature = "testing")]
pub(crate) fn sealed_tables() -> impl Iterator<Item = &'static str> {
    SEALED.iter().map(|sealed| sealed.table)
}

/// How to read each table's secrets, for the logs of tests: the table, and a query that gives `place`,
/// `key_id` and `sealed`.
#[cfg(feature = "testing")]
pub(crate) fn sealed_queries() -> impl Iterator<Item = (&'static str, String)> {
    SEALED.iter().map(|Sealed { table, place }| {
        let query = format!(
            "SELECT {place} AS place, key_id, sealed FROM {table} WHERE sealed IS NOT NULL"
        );
        (*table, query)
    })
}

/// What a key is in use for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Its id.
    pub id: String,
    /// Whether the keyring has it. If not, what it seals is lost without it.
    pub known: bool,
    /// Whether it is the one that seals.
    pub newest: bool,
    /// Secrets that it seals.
    pub secrets: i64,
    /// Hashes of requests that it made, which are kept for a day.
    pub requests: i64,
}

impl KeyUse {
    /// Whether its line can be removed from the keyring.
    #[must_use]
    pub fn is_needless(&self) -> bool {
        self.known && !self.newest && self.secrets == 0 && self.requests == 0
    }
}

/// What a part of a rotation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Secrets that the newest key seals now.
    pub sealed: usize,
    /// Places of secrets that didn't open with the key that they name, so that they stay as they
    /// are.
    pub failed: Vec<String>,
}

#[derive(QueryableByName)]
struct UseRow {
    #[diesel(sql_type = Text)]
    key_id: String,
    #[diesel(sql_type = BigInt)]
    secrets: i64,
    #[diesel(sql_type = BigInt)]
    requests: i64,
}

#[derive(QueryableByName)]
struct SealedRow {
    #[diesel(sql_type = Text)]
    at: String,
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    key_id: String,
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
}

impl Store {
    /// What each key is in use for: those of the keyring in its order, then those that secrets name
    /// and the keyring hasn't.
    pub async fn keys_list(&self) -> Result<Vec<KeyUse>> {
        let counts: Vec<String> = SEALED
            .iter()
            .map(|Sealed { table, .. }| {
                format!(
                    "SELECT key_id, count(*) AS secrets, 0 AS requests FROM {table}
                     WHERE key_id IS NOT NULL GROUP BY 1"
                )
            })
            .collect();
        let query = format!(
            "SELECT key_id, sum(secrets)::bigint AS secrets, sum(requests)::bigint AS requests
             FROM ({} UNION ALL
                   SELECT key_id, 0, count(*) FROM idempotency_keys
                   WHERE key_id IS NOT NULL AND expires_at > $1 GROUP BY 1) AS counts
             GROUP BY 1 ORDER BY 1",
            counts.join(" UNION ALL ")
        );
        let query = sql_query(query).bind::<Timestamptz, Timestamp>(self.clock.now());
        let mut rows: Vec<UseRow> = self.rows_scope(Scope::Worker, query).await?;
        let ids = self.keyring.ids();
        let mut uses: Vec<KeyUse> = ids
            .iter()
            .map(|id| {
                let at = rows.iter().position(|row| row.key_id == *id);
                let found = at.map(|at| rows.remove(at));
                KeyUse {
                    id: id.clone(),
                    known: true,
                    newest: ids.last() == Some(id),
                    secrets: found.as_ref().map_or(0, |row| row.secrets),
                    requests: found.as_ref().map_or(0, |row| row.requests),
                }
            })
            .collect();
        uses.extend(rows.into_iter().map(|row| KeyUse {
            id: row.key_id,
            known: false,
            newest: false,
            secrets: row.secrets,
            requests: row.requests,
        }));
        Ok(uses)
    }

    /// Seals up to `limit` secrets of each table anew, with the newest key, in a transaction of
    /// their own. To be repeated until nothing is done any more, each time with the places that
    /// failed so far: those are left out. It can be stopped and begun again at any time, also
    /// beside another, and what reads a secret meanwhile finds it under the one key or the other.
    pub async fn keys_rotate(&self, limit: i64, failed: &[String]) -> Result<Rotation> {
        let cx = Cx::worker("keys");
        let mut done = Rotation::default();
        for table in SEALED {
            let mut tx = self.begin_scope(Scope::Worker, &cx).await?;
            let rotated = self
                .rotate_in(&mut tx, table, limit, failed, &mut done)
                .await;
            tx.end(rotated).await?;
        }
        Ok(done)
    }

    async fn rotate_in(
        &self,
        tx: &mut Tx,
        Sealed { table, place }: &Sealed,
        limit: i64,
        failed: &[String],
        done: &mut Rotation,
    ) -> Result<()> {
        let mut older = self.keyring.ids();
        older.pop();
        // Locked, so that a row stays where it is (`ctid`) and as it is.
        let query = format!(
            "SELECT ctid::text AS at, {place} AS place, key_id, sealed FROM {table}
             WHERE key_id = ANY ($1) AND NOT ({place}) = ANY ($2)
             LIMIT $3 FOR NO KEY UPDATE"
        );
        let rows: Vec<SealedRow> = sql_query(query)
            .bind::<Array<Text>, _>(&older)
            .bind::<Array<Text>, _>(failed)
            .bind::<BigInt, _>(limit)
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let write = format!("UPDATE {table} SET key_id = $1, sealed = $2 WHERE ctid = $3::tid");
        for row in rows {
            let rewrapped = self
                .keyring
                .rewrap(&self.ids, &row.key_id, &row.place, &row.sealed);
            match rewrapped {
                Ok((key_id, sealed)) => {
                    done.sealed += sql_query(&write)
                        .bind::<Text, _>(key_id)
                        .bind::<Binary, _>(sealed)
                        .bind::<Text, _>(&row.at)
                        .execute(&mut **tx)
                        .await
                        .map_err(internal)?;
                }
                Err(error) => {
                    let (table, cause) = (*table, error.cause_text());
                    tracing::error!(table, place = row.place, cause, "a secret doesn't open");
                    done.failed.push(row.place);
                }
            }
        }
        Ok(())
    }
}
