//! The secrets that webhooks are signed with: sealed, given to their owner once.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use berth_model::{Error, Result, Timestamp, WebhookEndpointId};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Store, error::internal, reads::uuids, schema::webhook_endpoint_secrets as secrets, tx::Tx,
};

/// How long an old secret signs beside a new one.
const BOTH_SIGN_HOURS: i64 = 24;

impl Store {
    /// Makes a secret of 256 random bits, as Standard Webhooks writes it: `whsec_` and base64.
    pub(crate) async fn webhook_secret_make(
        &self,
        tx: &mut Tx,
        endpoint_id: WebhookEndpointId,
    ) -> Result<String> {
        let id = self.ids.uuid();
        let secret = format!("whsec_{}", STANDARD.encode(self.ids.bytes::<32>()));
        let place = place(endpoint_id, id);
        let (key_id, sealed) = self.keyring.seal(&self.ids, &place, secret.as_bytes())?;
        diesel::insert_into(secrets::table)
            .values((
                secrets::id.eq(id),
                secrets::endpoint_id.eq(endpoint_id.0),
                secrets::key_id.eq(key_id),
                secrets::sealed.eq(sealed),
                secrets::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(secret)
    }

    /// Lets the newest secret sign for a day more, and those before it no longer.
    pub(crate) async fn webhook_secret_retire(
        &self,
        tx: &mut Tx,
        endpoint_id: WebhookEndpointId,
    ) -> Result<()> {
        let of_it = secrets::table.filter(secrets::endpoint_id.eq(endpoint_id.0));
        diesel::delete(of_it.filter(secrets::expires_at.is_not_null()))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        let until = self.clock.now() + TimeDelta::hours(BOTH_SIGN_HOURS);
        diesel::update(of_it)
            .set(secrets::expires_at.eq(until))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }

    /// The secrets that sign for these endpoints now, the newest first. An endpoint whose secrets
    /// don't open is left out, and logged.
    pub(crate) async fn webhook_secrets_open(
        &self,
        tx: &mut Tx,
        ids: &[WebhookEndpointId],
    ) -> Result<HashMap<WebhookEndpointId, Vec<String>>> {
        let now: Timestamp = self.clock.now();
        let rows: Vec<(Uuid, Uuid, String, Vec<u8>)> = secrets::table
            .filter(secrets::endpoint_id.eq_any(uuids(ids)))
            .filter(
                secrets::expires_at
                    .is_null()
                    .or(secrets::expires_at.gt(now)),
            )
            .order(secrets::id.desc())
            .select((
                secrets::id,
                secrets::endpoint_id,
                secrets::key_id,
                secrets::sealed,
            ))
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let mut opened: HashMap<WebhookEndpointId, Result<Vec<String>>> = HashMap::new();
        for (id, endpoint_id, key_id, sealed) in rows {
            let endpoint_id = WebhookEndpointId(endpoint_id);
            let secret = self.keyring.open(&key_id, &place(endpoint_id, id), &sealed);
            let secret = secret.and_then(|bytes| String::from_utf8(bytes).map_err(Error::internal));
            let all = opened.entry(endpoint_id).or_insert_with(|| Ok(Vec::new()));
            match (all.as_mut(), secret) {
                (Ok(all), Ok(secret)) => all.push(secret),
                (Ok(_), Err(error)) => *all = Err(error),
                (Err(_), _) => {}
            }
        }
        let good = opened
            .into_iter()
            .filter_map(|(id, secrets)| match secrets {
                Ok(secrets) => Some((id, secrets)),
                Err(error) => {
                    tracing::error!(%id, cause = error.cause_text(), "a webhook can't be signed");
                    None
                }
            });
        Ok(good.collect())
    }
}

/// What a secret is bound to: moved to another row, it doesn't open.
fn place(endpoint_id: WebhookEndpointId, id: Uuid) -> String {
    format!("{endpoint_id}/{id}")
}
