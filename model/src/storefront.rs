//! Storefronts.

use crate::{
    Brand, Color, DomainName, EmailAddress, HttpsUrl, Locale, StorefrontId, TenantId, Timestamp,
    WebOrigin,
};

/// A shop under its own brand, which orders for the operators who sign up there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storefront {
    /// Its id.
    pub id: StorefrontId,
    /// What it shows of itself.
    pub brand: Brand,
    /// The language of those who chose none.
    pub locale: Locale,
    /// Under which its pages show; none: under the API's own.
    pub host: Option<DomainName>,
    /// Where its browser code may run.
    pub cors_origins: Vec<WebOrigin>,
    /// What its browser code reads the catalogue with. No secret.
    pub public_token: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Storefront {
    /// Where its pages are: on its own host, or under the API's (`public_url`, without a slash at the
    /// end). No slash at the end.
    #[must_use]
    pub fn pages_url(&self, public_url: &str) -> String {
        match &self.host {
            Some(host) => format!("https://{host}"),
            None => format!("{public_url}/s/{}", self.id),
        }
    }
}
/// A change of what may be missing: none leaves it, `Some(None)` removes it.
pub type Change<T> = Option<Option<T>>;

/// What `storefrontUpdate` takes; what isn't given stays. The last three are the provider's alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct StorefrontChanges {
    /// See [`Brand::name`].
    pub name: Option<String>,
    /// See [`Brand::accent_color`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent_color: Change<Color>,
    /// See [`Brand::background_color`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_color: Change<Color>,
    /// See [`Brand::logo_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_url: Change<HttpsUrl>,
    /// See [`Brand::support_email`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_email: Change<EmailAddress>,
    /// See [`Brand::support_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_url: Change<HttpsUrl>,
    /// See [`Brand::terms_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_url: Change<HttpsUrl>,
    /// See [`Brand::terms_version`]: 1 to 50 characters, and only with a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_version: Change<String>,
    /// See [`Brand::privacy_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_url: Change<HttpsUrl>,
    /// See [`Brand::imprint_url`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imprint_url: Change<HttpsUrl>,
    /// See [`Storefront::locale`].
    pub locale: Option<Locale>,
    /// See [`Storefront::cors_origins`]: 20 at most.
    pub cors_origins: Option<Vec<WebOrigin>>,
    /// See [`Storefront::host`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Change<DomainName>,
    /// See [`Brand::sender_email`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_email: Change<EmailAddress>,
    /// The tenant that owns it, of the provider's realm; none: the provider itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reseller_id: Change<TenantId>,
}

impl StorefrontChanges {
    /// The first of the given arguments that only the provider may set.
    #[must_use]
    pub fn provider_only(&self) -> Option<&'static str> {
        let given = [
            ("host", self.host.is_some()),
            ("senderEmail", self.sender_email.is_some()),
            ("resellerId", self.reseller_id.is_some()),
        ];
        given
            .iter()
            .find(|(_, given)| *given)
            .map(|(name, _)| *name)
    }
}

/// What `storefrontCreate` takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StorefrontCreate {
    /// See [`Brand::name`].
    pub name: String,
    /// What it has from the beginning beside its name.
    pub settings: StorefrontChanges,
}

impl From<String> for StorefrontCreate {
    /// One that has a name and nothing else.
    fn from(name: String) -> Self {
        Self {
            name,
            settings: StorefrontChanges::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_remove_is_not_to_leave() {
        let text = |changes: StorefrontChanges| serde_json::to_string(&changes).unwrap();
        let removed = StorefrontChanges {
            host: Some(None),
            ..Default::default()
        };
        assert_eq!(removed.provider_only(), Some("host"));
        assert_ne!(text(removed), text(StorefrontChanges::default()));
    }
}
