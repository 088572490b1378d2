//! Storefronts: making and changing them.

use berth_model::{
    Caller, Change, Error, ErrorCode, HttpsUrl, Realm, Result, Storefront, StorefrontChanges,
    StorefrontCreate, StorefrontId, TenantId, WebOrigin, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    audit::own_tenant,
    check,
    error::{already_exists, internal, not_found},
    idempotency::Begun,
    schema::storefronts,
    storefront::StorefrontRow,
    tenant::TenantRow,
    tx::Tx,
};

/// The most origins of a storefront.
const ORIGINS_MOST: usize = 20;

impl Store {
    /// Makes a storefront. `name`: 1 to 100 characters.
    pub async fn storefront_create(
        &self,
        cx: &Cx,
        input: impl Into<StorefrontCreate>,
    ) -> Result<Storefront> {
        let input = input.into();
        policy::check(&cx.actor, Action::StorefrontCreate)?;
        check::text("name", &input.name, 100)?;
        changes_check(cx, &input.settings)?;
        let mut tx = self.begin(cx).await?;
        let made = self.storefront_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn storefront_create_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &StorefrontCreate,
    ) -> Result<Storefront> {
        const NAME: &str = "storefrontCreate";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            return StorefrontRow::read(tx, id).await;
        }
        let id: StorefrontId = self.ids.next();
        diesel::insert_into(storefronts::table)
            .values((
                storefronts::id.eq(id.0),
                storefronts::name.eq(&input.name),
                storefronts::public_token.eq(self.public_token()),
                storefronts::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        changes_write(tx, id, &input.settings).await?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        StorefrontRow::read(tx, id).await
    }

    /// Changes a storefront. Its own client and its reseller set what it shows and where its browser
    /// code runs; the rest is the provider's ([`StorefrontChanges::provider_only`]).
    pub async fn storefront_update(
        &self,
        cx: &Cx,
        id: StorefrontId,
        changes: StorefrontChanges,
    ) -> Result<Storefront> {
        policy::check(&cx.actor, Action::StorefrontWrite)?;
        changes_check(cx, &changes)?;
        let mut tx = self.begin(cx).await?;
        let changed = self.storefront_update_in(&mut tx, cx, id, &changes).await;
        tx.end(changed).await
    }

    async fn storefront_update_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: StorefrontId,
        changes: &StorefrontChanges,
    ) -> Result<Storefront> {
        const NAME: &str = "storefrontUpdate";
        let owner = own_tenant(cx);
        lock(tx, id).await?;
        let input = (id, changes);
        let begun: Begun<StorefrontId> =
            self.idempotency_begin(tx, cx, owner, NAME, &input).await?;
        if let Begun::Fresh = begun {
            changes_write(tx, id, changes).await?;
            self.mutation_end(tx, cx, owner, NAME, &id, id).await?;
        }
        StorefrontRow::read(tx, id).await
    }
}

/// Locks a storefront that the caller may change, whatever else of storefronts it can see: a tenant
/// sees the one that it came through. `NOT_FOUND` if it is none.
pub(crate) async fn lock(tx: &mut Tx, id: StorefrontId) -> Result<()> {
    // A row is locked under the policies of an update.
    storefronts::table
        .find(id.0)
        .select(storefronts::id)
        .for_no_key_update()
        .first::<Uuid>(&mut **tx)
        .await
        .map(drop)
        .map_err(not_found("storefront"))
}

/// What can be told without the database.
fn changes_check(cx: &Cx, changes: &StorefrontChanges) -> Result<()> {
    if let Some(field) = changes.provider_only()
        && !matches!(cx.actor.caller, Caller::Platform(_))
    {
        let text = "Only the provider can set this. Ask them.";
        return Err(Error::new(ErrorCode::Forbidden, text).at(field));
    }
    check::text_opt("name", changes.name.as_deref(), 100)?;
    let version = changes.terms_version.as_ref().and_then(Option::as_deref);
    check::text_opt("termsVersion", version, 50)?;
    let origins = changes.cors_origins.as_ref().map_or(0, Vec::len);
    check::range("corsOrigins", origins, 0, ORIGINS_MOST, " origins")
}

fn text<T: ToString>(change: &Change<T>) -> Change<String> {
    let given = change.as_ref();
    given.map(|value| value.as_ref().map(ToString::to_string))
}

async fn changes_write(tx: &mut Tx, id: StorefrontId, changes: &StorefrontChanges) -> Result<()> {
    if *changes == StorefrontChanges::default() {
        return Ok(());
    }
    terms_check(tx, id, changes).await?;
    if let Some(Some(reseller)) = changes.reseller_id {
        reseller_check(tx, reseller).await?;
    }
    let origins = changes.cors_origins.as_ref();
    let origins = origins.map(|all| all.iter().map(WebOrigin::to_string).collect::<Vec<_>>());
    let reseller = changes.reseller_id.map(|id| id.map(|id| id.0));
    // What isn't given is no column, and stays.
    let columns = (
        changes.name.as_ref().map(|to| storefronts::name.eq(to)),
        text(&changes.accent_color).map(|to| storefronts::accent_color.eq(to)),
        text(&changes.background_color).map(|to| storefronts::background_color.eq(to)),
        text(&changes.logo_url).map(|to| storefronts::logo_url.eq(to)),
        text(&changes.support_email).map(|to| storefronts::support_email.eq(to)),
        text(&changes.support_url).map(|to| storefronts::support_url.eq(to)),
        text(&changes.terms_url).map(|to| storefronts::terms_url.eq(to)),
        text(&changes.terms_version).map(|to| storefronts::terms_version.eq(to)),
        text(&changes.privacy_url).map(|to| storefronts::privacy_url.eq(to)),
        text(&changes.imprint_url).map(|to| storefronts::imprint_url.eq(to)),
        changes.locale.map(|to| storefronts::locale.eq(to.as_str())),
        origins.map(|to| storefronts::cors_origins.eq(to)),
        text(&changes.host).map(|to| storefronts::host.eq(to)),
        text(&changes.sender_email).map(|to| storefronts::sender_email.eq(to)),
        reseller.map(|to| storefronts::reseller_id.eq(to)),
    );
    diesel::update(storefronts::table.find(id.0))
        .set(columns)
        .execute(&mut **tx)
        .await
        .map(drop)
        .map_err(already_exists(&[(
            "storefronts_host_key",
            "host",
            "Another storefront has this host. Choose another.",
        )]))
}

/// A version of terms that nobody can read is none.
async fn terms_check(tx: &mut Tx, id: StorefrontId, changes: &StorefrontChanges) -> Result<()> {
    let now = StorefrontRow::read(tx, id).await?.brand;
    let url = match &changes.terms_url {
        Some(url) => url.as_ref().map(HttpsUrl::as_str),
        None => now.terms_url.as_deref(),
    };
    let version = match &changes.terms_version {
        Some(version) => version.as_deref(),
        None => now.terms_version.as_deref(),
    };
    if version.is_none() || url.is_some() {
        return Ok(());
    }
    let (field, text) = match changes.terms_version {
        Some(_) => ("termsVersion", "Give termsUrl too: where these terms are."),
        None => (
            "termsUrl",
            "Remove termsVersion too: it names what is there.",
        ),
    };
    Err(Error::invalid(field, text))
}

/// A tenant of the provider's own realm: a storefront's customer can't own another storefront.
async fn reseller_check(tx: &mut Tx, id: TenantId) -> Result<()> {
    let named = |error: Error| error.at("resellerId");
    let tenant = TenantRow::read(tx, id).await.map_err(named)?;
    if tenant.realm() == Realm::PROVIDER && id != TenantId::PLATFORM {
        return Ok(());
    }
    let text = "Give a tenant that the provider made for itself, not one of a storefront.";
    Err(Error::invalid("resellerId", text))
}
