//! Secrets of deployments: sealed on the way in, opened on the way out, never readable in the
//! database.

use std::collections::{BTreeMap, HashMap};

use berth_model::{DeploymentId, Error, Result, TenantId, Timestamp};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Store,
    error::internal,
    reads::uuids,
    schema::deployment_secrets::{self, dsl},
    tx::Tx,
};

/// The name of the first administrator's initial password.
pub(crate) const ADMINISTRATOR_PASSWORD: &str = "administratorPassword";

#[derive(Queryable, Selectable)]
#[diesel(table_name = deployment_secrets)]
struct SecretRow {
    tenant_id: Uuid,
    deployment_id: Uuid,
    name: String,
    key_id: String,
    sealed: Vec<u8>,
}

impl Store {
    /// Seals a secret and keeps it.
    pub(crate) async fn secret_seal(
        &self,
        tx: &mut Tx,
        tenant_id: TenantId,
        deployment_id: DeploymentId,
        name: &str,
        secret: &str,
    ) -> Result<()> {
        let place = place(tenant_id, deployment_id, name);
        let (key_id, sealed) = self.keyring.seal(&self.ids, &place, secret.as_bytes())?;
        let now: Timestamp = self.clock.now();
        diesel::insert_into(deployment_secrets::table)
            .values((
                dsl::tenant_id.eq(tenant_id.0),
                dsl::deployment_id.eq(deployment_id.0),
                dsl::name.eq(name),
                dsl::key_id.eq(key_id),
                dsl::sealed.eq(sealed),
                dsl::created_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(())
    }

    /// The secrets of deployments that the scope can see, opened: by deployment and name.
    pub(crate) async fn secrets_open(
        &self,
        tx: &mut Tx,
        ids: &[DeploymentId],
    ) -> Result<HashMap<DeploymentId, BTreeMap<String, String>>> {
        let rows: Vec<SecretRow> = deployment_secrets::table
            .filter(dsl::deployment_id.eq_any(uuids(ids)))
            .select(SecretRow::as_select())
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        let mut opened: HashMap<DeploymentId, BTreeMap<String, String>> = HashMap::new();
        for row in rows {
            let place = place(row.tenant_id.into(), row.deployment_id.into(), &row.name);
            let secret = self.keyring.open(&row.key_id, &place, &row.sealed)?;
            let secret = String::from_utf8(secret).map_err(|_| Error::internal("not a text"))?;
            opened
                .entry(row.deployment_id.into())
                .or_default()
                .insert(row.name, secret);
        }
        Ok(opened)
    }
}

/// What a secret is bound to: moved to another row, it doesn't open.
pub(crate) fn place(tenant_id: TenantId, deployment_id: DeploymentId, name: &str) -> String {
    format!("{tenant_id}/{deployment_id}/{name}")
}
