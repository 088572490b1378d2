//! Signing in: who is signed in where, and what clients are let do.

use uuid::Uuid;

use crate::{
    Account, AccountId, Caller, Client, EmailAddress, Locale, MemberId, Realm, Role, Tenant,
    TenantId, Timestamp, TokenScopes, policy, states::states,
};

states! {
    /// What a browser must still prove.
    pub enum ChallengePurpose {
        /// That it can read the mailbox of a new account.
        SignUp = "SIGN_UP",
        /// The same of an account whose password is lost.
        PasswordReset = "PASSWORD_RESET",
        /// The second factor, after the password.
        SecondFactor = "SECOND_FACTOR",
        /// That it can read the mailbox of an account's new address.
        Email = "EMAIL",
        /// The same of a recovery address.
        RecoveryEmail = "RECOVERY_EMAIL",
        /// The same of an account that an identity is to be linked to.
        IdentityLink = "IDENTITY_LINK",
    }
}

/// What a page knows of the browser that asks for it.
#[derive(Clone)]
pub struct Visit {
    /// Whose page it is.
    pub realm: Realm,
    /// The browser's own cookie: 256 random bits. Flows are bound to it.
    pub browser: String,
    /// The address it comes from.
    pub remote: Option<String>,
    /// What it calls itself; cut to 200 characters where it is kept.
    pub user_agent: Option<String>,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// What somebody signs up with.
#[derive(Clone)]
pub struct SignUp {
    /// The address to prove.
    pub email: EmailAddress,
    /// 1 to 100 characters.
    pub name: String,
    /// The new password.
    pub password: String,
    /// The language of the page.
    pub locale: Locale,
    /// Which terms were accepted.
    pub terms_version: Option<String>,
}

/// What a sign-in comes to.
#[derive(Clone, PartialEq, Eq)]
pub enum SignedIn {
    /// Signed in.
    Done(SessionCookies),
    /// The second factor is asked for next.
    SecondFactor,
}

/// The new cookies of a browser in which somebody signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCookies {
    /// Of the session: 256 random bits.
    pub session: String,
    /// Of the browser: a new one, so that one planted before knows nothing after.
    pub browser: String,
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its key.
    pub id: Uuid,
    /// Who.
    pub account: Account,
    /// The address that it came from last.
    pub remote: Option<String>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last there, to a few minutes.
    pub seen_at: Timestamp,
}

/// How an account is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Whether it has a password.
    pub password: bool,
    /// Whether an app's numbers are asked for.
    pub authenticator: bool,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
    /// Where a reset can go beside the account's address.
    pub recovery_email: Option<EmailAddress>,
    /// Which terms were accepted.
    pub terms_version: Option<String>,
}

/// What a person lets a client do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Its key.
    pub id: Uuid,
    /// The client.
    pub client: Client,
    /// In which tenant; none: with the account alone.
    pub tenant: Option<Tenant>,
    /// What.
    pub scopes: TokenScopes,
    /// When it was last confirmed.
    pub updated_at: Timestamp,
}

/// A tenant of somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The member that they are there.
    pub id: MemberId,
    /// The tenant.
    pub tenant: Tenant,
    /// What they are there.
    pub role: Role,
    /// Whether the tenant resells a storefront.
    pub resells: bool,
}

impl Membership {
    /// What a client can be let do there.
    #[must_use]
    pub fn scopes(&self) -> TokenScopes {
        policy::member_scopes(&Caller::member(self.tenant.id, self.role), self.resells)
    }
}

/// For whom a client acts, with a person's leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub account_id: AccountId,
    /// Where they sign in.
    pub realm: Realm,
    /// For which tenant, and what they are there now; none: with the account alone.
    pub tenant: Option<(TenantId, Role)>,
}

/// Leave for a client, as it is given on the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantGive {
    /// The client.
    pub client: Client,
    /// For which tenant; none: with the account alone.
    pub tenant_id: Option<TenantId>,
    /// What it may do.
    pub scopes: TokenScopes,
    /// Where the code goes: one of the client's.
    pub redirect_uri: String,
    /// SHA-256 of the verifier (RFC 7636 section 4.2).
    pub code_challenge: [u8; 32],
}
