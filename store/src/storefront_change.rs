//! Storefronts: making and changing them.

use berth_model::{
    Caller, Change, Color, Error, ErrorCode, HttpsUrl, Locale, Realm, Result, Storefront,
    StorefrontChanges, StorefrontCreate, StorefrontId, TenantId, WebOrigin, policy, policy::Action,
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

/// What changes write; what isn't given stays.
#[derive(AsChangeset)]
#[diesel(table_name = storefronts)]
struct Columns {
    name: Option<String>,
    accent_color: Option<Option<String>>,
    background_color: Option<Option<String>>,
    logo_url: Option<Option<String>>,
    support_email: Option<Option<String>>,
    support_url: Option<Option<String>>,
    terms_url: Option<Option<String>>,
    terms_version: Option<Option<String>>,
    privacy_url: Option<Option<String>>,
    imprint_url: Option<Option<String>>,
    locale: Option<&'static str>,
    cors_origins: Option<Vec<String>>,
    host: Option<Option<String>>,
    sender_email: Option<Option<String>>,
    reseller_id: Option<Option<Uuid>>,
}

impl From<&StorefrontChanges> for Columns {
    fn from(changes: &StorefrontChanges) -> Self {
        let color = |change: &Change<Color>| change.map(|color| color.map(String::from));
        let origins = changes.cors_origins.as_ref();
        Self {
            name: changes.name.clone(),
            accent_color: color(&changes.accent_color),
            background_color: color(&changes.background_color),
            logo_url: text(&changes.logo_url),
            support_email: text(&changes.support_email),
            support_url: text(&changes.support_url),
            terms_url: text(&changes.terms_url),
            terms_version: changes.terms_version.clone(),
            privacy_url: text(&changes.privacy_url),
            imprint_url: text(&changes.imprint_url),
            locale: changes.locale.map(Locale::as_str),
            cors_origins: origins.map(|origins| origins.iter().map(WebOrigin::to_string).collect()),
            host: text(&changes.host),
            sender_email: text(&changes.sender_email),
            reseller_id: changes.reseller_id.map(|id| id.map(|id| id.0)),
        }
    }
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
    diesel::update(storefronts::table.find(id.0))
        .set(Columns::from(changes))
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
