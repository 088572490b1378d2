//! Idempotency keys: a repeated mutation answers with what the first one made (DESIGN.md section
//! 5).

use berth_model::{Error, ErrorCode, Result, TenantId};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Cx, Store, error::internal, schema::idempotency_keys, tx::Tx};

/// How long a key is kept.
const KEPT_HOURS: i64 = 24;

/// What a mutation finds under its key.
pub(crate) enum Begun<M> {
    /// Nothing: do it, then call [`Store::idempotency_end`].
    Fresh,
    /// The ids of what the first one made.
    Replay(M),
}

impl Store {
    /// Takes the key for this mutation. A second call with the same key waits here until the first
    /// one's transaction ends. Without a key, or without a client, everything is fresh.
    pub(crate) async fn idempotency_begin<M: DeserializeOwned>(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        tenant_id: TenantId,
        mutation: &str,
        variables: &impl Serialize,
    ) -> Result<Begun<M>> {
        let (Some(key), Some(client_id)) = (&cx.idempotency_key, cx.actor.client_id) else {
            return Ok(Begun::Fresh);
        };
        let text = serde_json::to_vec(variables).map_err(Error::internal)?;
        let (key_id, hash) = self.keyring.keyed_hash(&text);
        let now = self.clock.now();
        let place =
            idempotency_keys::table.find((tenant_id.0, client_id.0, mutation, key.as_str()));
        diesel::delete(place.filter(idempotency_keys::expires_at.le(now)))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let taken = diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::tenant_id.eq(tenant_id.0),
                idempotency_keys::client_id.eq(client_id.0),
                idempotency_keys::mutation.eq(mutation),
                idempotency_keys::key.eq(key.as_str()),
                idempotency_keys::request_hash.eq(&hash),
                idempotency_keys::key_id.eq(&key_id),
                idempotency_keys::created_at.eq(now),
                idempotency_keys::expires_at.eq(now + TimeDelta::hours(KEPT_HOURS)),
            ))
            .on_conflict_do_nothing()
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        if taken == 1 {
            return Ok(Begun::Fresh);
        }
        let (first_key, first_hash, made): (Option<String>, Vec<u8>, serde_json::Value) = place
            .select((
                idempotency_keys::key_id,
                idempotency_keys::request_hash,
                idempotency_keys::made,
            ))
            .first(&mut **tx)
            .await
            .map_err(internal)?;
        let same = self
            .keyring
            .keyed_hash_is(first_key.as_deref(), &text, &first_hash)?;
        if !same {
            return Err(Error::new(
                ErrorCode::IdempotencyKeyReused,
                "This idempotency key was used with other variables. Use a new key for this one.",
            )
            .at("idempotencyKey"));
        }
        Ok(Begun::Replay(
            serde_json::from_value(made).map_err(Error::internal)?,
        ))
    }

    /// Keeps the ids of what the mutation made.
    pub(crate) async fn idempotency_end(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        tenant_id: TenantId,
        mutation: &str,
        made: &impl Serialize,
    ) -> Result<()> {
        let (Some(key), Some(client_id)) = (&cx.idempotency_key, cx.actor.client_id) else {
            return Ok(());
        };
        let made = serde_json::to_value(made).map_err(Error::internal)?;
        let place =
            idempotency_keys::table.find((tenant_id.0, client_id.0, mutation, key.as_str()));
        diesel::update(place)
            .set(idempotency_keys::made.eq(made))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }
}
