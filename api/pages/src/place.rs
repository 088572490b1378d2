//! Whose pages: the realm, its brand, and where the pages are.

use axum::http::{HeaderMap, header::HOST};
use berth_model::{Brand, DomainName, Error, Locale, Realm, Result, Storefront, StorefrontId};

use crate::{PagesState, Site};

/// Whose pages.
pub(crate) struct Place {
    /// Whose people.
    pub realm: Realm,
    /// How it looks.
    pub brand: Brand,
    /// The language of those who chose none.
    pub locale: Locale,
    /// Before every path: nothing, or `/s/{storefront}` on a host that realms share.
    pub base: String,
    /// The authorisation server that it is part of: scheme and host.
    pub issuer: String,
}

impl Place {
    /// By the host that was asked, and the storefront that the path or a client tells.
    pub async fn find(
        site: &Site,
        headers: &HeaderMap,
        storefront: Option<StorefrontId>,
    ) -> Result<Self> {
        let store = &site.state.store;
        if let Some((found, issuer)) = of_host(&site.state, headers).await? {
            return match storefront {
                Some(id) if id != found.id => Err(Error::not_found("page")),
                _ => Ok(Self::of(found, String::new(), issuer)),
            };
        }
        let issuer = site.state.public_url.clone();
        let Some(id) = storefront else {
            return Ok(Self {
                realm: Realm::PROVIDER,
                brand: Brand::named(&site.state.provider_name),
                locale: Locale::En,
                base: String::new(),
                issuer,
            });
        };
        let found = store.storefront_shown(id).await?;
        let found = found.ok_or_else(|| Error::not_found("page"))?;
        Ok(Self::of(found, format!("/s/{id}"), issuer))
    }

    fn of(storefront: Storefront, base: String, issuer: String) -> Self {
        Self {
            realm: Realm(Some(storefront.id)),
            brand: storefront.brand,
            locale: storefront.locale,
            base,
            issuer,
        }
    }

    /// Whether cookies are for encrypted connections alone: always, but for trying things out.
    pub fn is_secure(&self) -> bool {
        self.issuer.starts_with("https://")
    }

    /// Tells the cookies of realms apart that share a host.
    pub fn cookie_suffix(&self) -> String {
        match self.realm.0 {
            Some(id) if !self.base.is_empty() => format!("_{}", id.0.simple()),
            _ => String::new(),
        }
    }
}

/// The authorisation server that a request is sent to: the storefront's whose host it names, or the
/// API's own.
pub async fn issuer(state: &PagesState, headers: &HeaderMap) -> Result<String> {
    let found = of_host(state, headers).await?;
    Ok(found.map_or_else(|| state.public_url.clone(), |(_, issuer)| issuer))
}

/// The storefront whose host a request names, and what its authorisation server is called.
async fn of_host(state: &PagesState, headers: &HeaderMap) -> Result<Option<(Storefront, String)>> {
    let Some(host) = foreign_host(&state.public_url, headers) else {
        return Ok(None);
    };
    let found = state.store.storefront_of_host(&host).await?;
    Ok(found.map(|storefront| (storefront, format!("https://{host}"))))
}

/// The host that was asked, if it is a name and not the API's own.
fn foreign_host(public_url: &str, headers: &HeaderMap) -> Option<DomainName> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let name = host.split(':').next()?;
    let own = public_url.split("://").nth(1)?;
    let own = own.split(['/', ':']).next()?;
    (!name.eq_ignore_ascii_case(own)).then(|| name.parse().ok())?
}
