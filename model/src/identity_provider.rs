//! Identity providers: where people of a realm have an account already, with which they can sign in
//! here too (OpenID Connect Core 1.0).

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;
use url::{Host, Url};

use crate::{
    EmailAddress, Error, IdentityProviderId, Reach, Realm, Result, SignedIn, StorefrontId,
    Timestamp, message,
};

/// The longest URL of an issuer, in bytes.
const ISSUER_MOST: usize = 500;

/// An identity provider of a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    /// Its id.
    pub id: IdentityProviderId,
    /// Whose people sign in by it: a storefront's, or without one the provider's own.
    pub storefront_id: Option<StorefrontId>,
    /// What people know it by: the text of the button.
    pub name: String,
    /// Its name in the protocol, to the letter. It never changes: other people would be meant by the
    /// same subjects.
    pub issuer: String,
    /// What it knows Berth by.
    pub client_id: String,
    /// Whether people can sign in by it now.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What `identityProviderCreate` takes.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct IdentityProviderCreate {
    /// Whose people; the provider's own without one.
    pub storefront_id: Option<StorefrontId>,
    /// 1 to 100 characters.
    pub name: String,
    /// Checked by [`IdentityIssuers::check`].
    pub issuer: Issuer,
    /// 1 to 200 characters.
    pub client_id: String,
    /// 1 to 500 characters.
    pub client_secret: String,
}

/// What `identityProviderUpdate` takes: what isn't given stays.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct IdentityProviderUpdate {
    /// Which.
    pub id: IdentityProviderId,
    /// 1 to 100 characters.
    pub name: Option<String>,
    /// 1 to 200 characters.
    pub client_id: Option<String>,
    /// 1 to 500 characters.
    pub client_secret: Option<String>,
    /// Whether people can sign in by it.
    pub enabled: Option<bool>,
}

/// The URL that an identity provider is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

impl Issuer {
    /// Reads one: `https` (with [`Reach::Development`] also `http`), without user name, query and
    /// fragment, at a host whose address, if it is one, the reach allows.
    pub fn parse(text: &str, reach: Reach) -> Result<Self> {
        let wrong = |message: &'static str| Error::invalid("issuer", message);
        if text.len() > ISSUER_MOST {
            let most = ISSUER_MOST;
            let text = message!("Give a URL of {most} characters at most.", most);
            return Err(Error::invalid("issuer", text));
        }
        let url = Url::parse(text)
            .map_err(|_| wrong("Give a URL such as https://id.example.org/realms/main."))?;
        if !is_reachable(&url, reach) {
            return Err(wrong(
                "Give a URL that begins with https://, at a host that the whole Internet reaches.",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong(
                "Give a URL without a query (?…) and a fragment (#…).",
            ));
        }
        // To the letter, as it is compared with what the issuer calls itself.
        Ok(Self(text.to_owned()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a URL of an issuer may be asked, as far as can be told without a name server.
#[must_use]
pub fn is_reachable(url: &Url, reach: Reach) -> bool {
    let scheme = match url.scheme() {
        "https" => true,
        "http" => reach == Reach::Development,
        _ => false,
    };
    let address = match url.host() {
        Some(Host::Ipv4(address)) => reach.allows(address.into()),
        Some(Host::Ipv6(address)) => reach.allows(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    };
    scheme && address && url.username().is_empty() && url.password().is_none()
}

/// Berth as an identity provider knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityClient {
    /// The issuer.
    pub issuer: String,
    /// What it knows Berth by.
    pub client_id: String,
    /// What Berth proves itself with.
    pub client_secret: String,
}

/// What a browser is sent to an identity provider with.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityAsk {
    /// Where it comes back to.
    pub redirect_uri: String,
    /// 256 random bits: which answer belongs to it.
    pub state: String,
    /// 256 random bits: which token belongs to it.
    pub nonce: String,
    /// 256 random bits: which code belongs to it (RFC 7636).
    pub verifier: String,
}

/// What a browser comes back with.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityAnswer {
    /// The code.
    pub code: String,
    /// Who says that it answers (RFC 9207).
    pub iss: Option<String>,
}

/// Whom an identity provider vouches for.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityClaims {
    /// Who it is there: 1 to 255 characters, never given to anybody else.
    pub subject: String,
    /// Their address, if the provider says that it has verified it.
    pub email: Option<EmailAddress>,
    /// What they are called there.
    pub name: Option<String>,
}

/// The port to identity providers, each question with a time limit.
#[async_trait]
pub trait IdentityIssuers: Send + Sync {
    /// Reads an issuer's URL, and looks whether an OpenID provider of that name answers there. The
    /// error names the argument `issuer`.
    async fn check(&self, issuer: &str) -> Result<Issuer>;

    /// Where to send the browser. `UNAVAILABLE` when the issuer doesn't answer as it should.
    async fn ask(&self, client: &IdentityClient, ask: &IdentityAsk) -> Result<String>;

    /// Whom the answer vouches for. `IDENTITY_REFUSED` when it proves nothing, `UNAVAILABLE` when the
    /// issuer can't be asked.
    async fn claims(
        &self,
        client: &IdentityClient,
        ask: &IdentityAsk,
        answer: &IdentityAnswer,
    ) -> Result<IdentityClaims>;
}

/// Another account of a person, by which they can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its key.
    pub id: uuid::Uuid,
    /// The identity provider's name.
    pub provider: String,
    /// The address that they had there when it was linked.
    pub email: String,
    /// When it was linked.
    pub linked_at: Timestamp,
    /// When it was last signed in by.
    pub used_at: Timestamp,
}

/// A browser on its way to an identity provider and back.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityTrip {
    /// Its key.
    pub id: uuid::Uuid,
    /// By which.
    pub provider_id: IdentityProviderId,
    /// Berth as it knows it.
    pub client: IdentityClient,
    /// What the browser is sent with.
    pub ask: IdentityAsk,
    /// The query that went along, for where it goes on.
    pub query: String,
}

/// What an identity that was proven is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityStep {
    /// That the person wants an account: there is none of this address.
    SignUp,
    /// The password of the account of this address.
    Password,
    /// The mailbox of the account of this address, which has no password.
    Mailbox,
    /// That they want it linked to the account in which they are signed in.
    Confirm,
}

/// What a browser that came back with a proven identity goes on to.
#[derive(Clone, PartialEq, Eq)]
pub enum IdentityOutcome {
    /// The identity was known.
    SignedIn(SignedIn),
    /// The person must decide: [`IdentityPending`] says what.
    Pending,
}

/// An identity that was proven and is not linked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityPending {
    /// What it waits for.
    pub step: IdentityStep,
    /// The identity provider's name.
    pub provider: String,
    /// The address that it vouches for.
    pub email: EmailAddress,
    /// What they are called there.
    pub name: Option<String>,
    /// The query that goes along.
    pub query: String,
}

impl IdentityProvider {
    /// Whose people.
    #[must_use]
    pub fn realm(&self) -> Realm {
        Realm(self.storefront_id)
    }
}

macro_rules! without_secrets {
    ($($name:ident),+) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+ };
}

without_secrets!(
    IdentityProviderCreate,
    IdentityProviderUpdate,
    IdentityClient,
    IdentityAsk,
    IdentityAnswer,
    IdentityClaims,
    IdentityTrip,
    IdentityPending
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_plain_url_of_the_public_internet() {
        for (text, good, in_development) in [
            ("https://id.example.org", true, true),
            ("https://id.example.org/realms/main", true, true),
            ("https://id.example.org/?x", false, false),
            ("https://id.example.org/#x", false, false),
            ("https://anna@id.example.org", false, false),
            ("http://id.example.org", false, true),
            ("http://127.0.0.1:9000", false, true),
            ("https://127.0.0.1:9000", false, true),
            ("https://10.0.0.1", false, false),
            ("https://[fd00::1]", false, false),
            ("http://0x7f.1/", false, true),
            ("ftp://id.example.org", false, false),
            ("id.example.org", false, false),
        ] {
            assert_eq!(Issuer::parse(text, Reach::Public).is_ok(), good, "{text}");
            let there = Issuer::parse(text, Reach::Development).is_ok();
            assert_eq!(there, in_development, "{text}");
        }
    }
}
