//! Identity providers: making, changing and removing them.

use berth_model::{
    Caller, Error, ErrorCode, IdentityProvider, IdentityProviderCreate, IdentityProviderId,
    IdentityProviderUpdate, Result, StorefrontId, TenantId, Timestamp, message, policy,
    policy::Action,
};
use diesel::{prelude::*, sql_types::Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::{already_exists, internal, not_found},
    idempotency::Begun,
    identity_provider::IdentityProviderRow,
    schema::identity_providers,
    storefront::StorefrontRow,
    tx::Tx,
};

/// Identity providers of a realm at most: each is a button on its pages.
const PROVIDERS_MOST: i64 = 10;

/// Keys and the audit log of what a realm's owner does for itself are the platform's.
const KEPT_BY: TenantId = TenantId::PLATFORM;

impl Store {
    /// Makes an identity provider: a storefront for its own people, the provider for its own or a
    /// storefront's. `ALREADY_EXISTS` for an issuer that the realm has, `LIMIT_EXCEEDED`.
    pub async fn identity_provider_create(
        &self,
        cx: &Cx,
        input: IdentityProviderCreate,
    ) -> Result<IdentityProvider> {
        policy::check(&cx.actor, Action::IdentityProviderWrite)?;
        check::text("name", &input.name, 100)?;
        check::text("clientId", &input.client_id, 200)?;
        check::text("clientSecret", &input.client_secret, 500)?;
        let mut tx = self.begin(cx).await?;
        let made = self.identity_provider_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn identity_provider_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &IdentityProviderCreate,
    ) -> Result<IdentityProvider> {
        const NAME: &str = "identityProviderCreate";
        let storefront_id = whose(cx, input.storefront_id)?;
        if let Some(id) = storefront_id {
            StorefrontRow::read(tx, id)
                .await
                .map_err(|error| error.at("storefrontId"))?;
        }
        let begun = self.idempotency_begin(tx, cx, KEPT_BY, NAME, input).await?;
        if let Begun::Replay(id) = begun {
            return IdentityProviderRow::read(tx, id).await;
        }
        limit_check(tx, storefront_id).await?;
        let id: IdentityProviderId = self.ids.next();
        let now = self.clock.now();
        let secret = input.client_secret.as_bytes();
        let (key_id, sealed) = self.keyring.seal(&self.ids, &place(id), secret)?;
        diesel::insert_into(identity_providers::table)
            .values((
                identity_providers::id.eq(id.0),
                identity_providers::storefront_id.eq(storefront_id.map(|id| id.0)),
                identity_providers::name.eq(&input.name),
                identity_providers::issuer.eq(input.issuer.as_str()),
                identity_providers::client_id.eq(&input.client_id),
                identity_providers::key_id.eq(key_id),
                identity_providers::sealed.eq(sealed),
                identity_providers::created_at.eq(now),
                identity_providers::updated_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "identity_providers_issuer",
                "issuer",
                "This issuer is an identity provider here already.",
            )]))?;
        self.mutation_end(tx, cx, KEPT_BY, NAME, &id, id).await?;
        IdentityProviderRow::read(tx, id).await
    }

    /// Changes an identity provider. Not its issuer: other people would be meant by who is linked.
    pub async fn identity_provider_update(
        &self,
        cx: &Cx,
        input: IdentityProviderUpdate,
    ) -> Result<IdentityProvider> {
        policy::check(&cx.actor, Action::IdentityProviderWrite)?;
        check::text_opt("name", input.name.as_deref(), 100)?;
        check::text_opt("clientId", input.client_id.as_deref(), 200)?;
        check::text_opt("clientSecret", input.client_secret.as_deref(), 500)?;
        let mut tx = self.begin(cx).await?;
        let changed = self.identity_provider_update_in(&mut tx, cx, &input).await;
        tx.end(changed).await
    }

    async fn identity_provider_update_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &IdentityProviderUpdate,
    ) -> Result<IdentityProvider> {
        const NAME: &str = "identityProviderUpdate";
        let id = input.id;
        let begun: Begun<IdentityProviderId> =
            self.idempotency_begin(tx, cx, KEPT_BY, NAME, input).await?;
        if let Begun::Fresh = begun {
            lock(tx, id).await?;
            let secret = input.client_secret.as_deref().map(str::as_bytes);
            let sealed = secret.map(|secret| self.keyring.seal(&self.ids, &place(id), secret));
            let (key_id, sealed) = sealed.transpose()?.unzip();
            let changes = Changes {
                name: input.name.clone(),
                client_id: input.client_id.clone(),
                key_id,
                sealed,
                enabled: input.enabled,
                updated_at: self.clock.now(),
            };
            diesel::update(identity_providers::table.find(id.0))
                .set(changes)
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
            self.mutation_end(tx, cx, KEPT_BY, NAME, &id, id).await?;
        }
        IdentityProviderRow::read(tx, id).await
    }

    /// Removes an identity provider, and every link to it: who has no other way in gets a new password
    /// by mail.
    pub async fn identity_provider_delete(
        &self,
        cx: &Cx,
        id: IdentityProviderId,
    ) -> Result<IdentityProviderId> {
        policy::check(&cx.actor, Action::IdentityProviderWrite)?;
        let mut tx = self.begin(cx).await?;
        let deleted = self.identity_provider_delete_in(&mut tx, cx, id).await;
        tx.end(deleted).await
    }

    async fn identity_provider_delete_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: IdentityProviderId,
    ) -> Result<IdentityProviderId> {
        const NAME: &str = "identityProviderDelete";
        let begun = self.idempotency_begin(tx, cx, KEPT_BY, NAME, &id).await?;
        if let Begun::Replay(id) = begun {
            return Ok(id);
        }
        lock(tx, id).await?;
        diesel::delete(identity_providers::table.find(id.0))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        self.mutation_end(tx, cx, KEPT_BY, NAME, &id, id).await?;
        Ok(id)
    }
}

/// What an update writes; what isn't given stays.
#[derive(AsChangeset)]
#[diesel(table_name = identity_providers)]
struct Changes {
    name: Option<String>,
    client_id: Option<String>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
    enabled: Option<bool>,
    updated_at: Timestamp,
}

/// What a secret is bound to: moved to another row, it doesn't open.
pub(crate) fn place(id: IdentityProviderId) -> String {
    format!("{id}/secret")
}

/// A storefront's are for its own people alone.
fn whose(cx: &Cx, named: Option<StorefrontId>) -> Result<Option<StorefrontId>> {
    match cx.actor.caller {
        Caller::Storefront(id) if named.is_none_or(|named| named == id) => Ok(Some(id)),
        Caller::Storefront(_) => Err(Error::not_found("storefront").at("storefrontId")),
        _ => Ok(named),
    }
}

/// Whether the realm may have one more. Two at once wait for each other here.
async fn limit_check(tx: &mut Tx, storefront_id: Option<StorefrontId>) -> Result<()> {
    let realm = storefront_id.map_or(KEPT_BY.0, |id| id.0);
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(format!("identity_providers/{realm}"))
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    let count: i64 = identity_providers::table
        .filter(identity_providers::realm_id.eq(realm))
        .count()
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    if count < PROVIDERS_MOST {
        return Ok(());
    }
    let text = message!(
        "There are {count} identity providers, and {most} is the most. Delete one.",
        count,
        most = PROVIDERS_MOST
    );
    Err(Error::new(ErrorCode::LimitExceeded, text))
}

/// Locks it; `NOT_FOUND` when the scope can't see it.
async fn lock(tx: &mut Tx, id: IdentityProviderId) -> Result<()> {
    identity_providers::table
        .find(id.0)
        .select(identity_providers::id)
        .for_update()
        .first::<Uuid>(&mut **tx)
        .await
        .map(drop)
        .map_err(not_found("identity provider"))
}
