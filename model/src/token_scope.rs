//! What a token opens of that which its client may do (RFC 6749 section 3.3).

use std::{fmt, str::FromStr};

use crate::{Error, Result, message, states::states};

states! {
    /// A part of the API that a token can be limited to. In OAuth it is written `tenant:read`.
    pub enum TokenScope {
        /// The catalogue: applications, versions, plans, sites.
        CatalogueRead = "CATALOGUE_READ",
        /// Publish applications, make plans and images.
        CatalogueWrite = "CATALOGUE_WRITE",
        /// Machines, pools, networks, reservations, images.
        FleetRead = "FLEET_READ",
        /// Enrol and change machines, sites, racks, networks.
        FleetAdmin = "FLEET_ADMIN",
        /// Tenants, members, deployments, operations.
        TenantRead = "TENANT_READ",
        /// Make tenants, order, operate and delete deployments.
        TenantWrite = "TENANT_WRITE",
        /// Add, change and remove members.
        MemberWrite = "MEMBER_WRITE",
        /// Act for a tenant as the provider's support.
        SupportAct = "SUPPORT_ACT",
        /// Read the first administrator's initial password.
        SecretRead = "SECRET_READ",
        /// The audit log.
        AuditRead = "AUDIT_READ",
        /// OAuth clients, without their secrets.
        ClientRead = "CLIENT_READ",
        /// Make and change storefronts, make and remove OAuth clients.
        ClientAdmin = "CLIENT_ADMIN",
        /// Webhooks, without their secrets.
        WebhookRead = "WEBHOOK_READ",
        /// Make, change and remove webhooks.
        WebhookAdmin = "WEBHOOK_ADMIN",
    }
}

impl TokenScope {
    /// As OAuth writes it: `tenant:read`.
    #[must_use]
    pub fn word(self) -> String {
        self.as_str().to_ascii_lowercase().replacen('_', ":", 1)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of scopes. As text: the words in the order of [`TokenScope::ALL`], with spaces between
/// them (RFC 6749 section 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(into = "String")]
pub struct TokenScopes(u32);

impl TokenScopes {
    /// Every scope.
    #[must_use]
    pub fn all() -> Self {
        TokenScope::ALL.iter().copied().collect()
    }

    /// Whether this one is in it.
    #[must_use]
    pub const fn contains(self, scope: TokenScope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether every one of the other is in it.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Each of them, in the order of [`TokenScope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = TokenScope> {
        let all = TokenScope::ALL.iter().copied();
        all.filter(move |scope| self.contains(*scope))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<TokenScope> for TokenScopes {
    fn from_iter<I: IntoIterator<Item = TokenScope>>(scopes: I) -> Self {
        let bits = scopes.into_iter().map(TokenScope::bit);
        Self(bits.fold(0, |all, bit| all | bit))
    }
}

impl fmt::Display for TokenScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}", scope.word())?;
        }
        Ok(())
    }
}

impl From<TokenScopes> for String {
    fn from(scopes: TokenScopes) -> Self {
        scopes.to_string()
    }
}

impl FromStr for TokenScopes {
    type Err = Error;

    /// Words with spaces between them; one that is no scope is an error that names it.
    fn from_str(text: &str) -> Result<Self> {
        text.split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| {
                let known = TokenScope::ALL.iter().find(|scope| scope.word() == word);
                known.copied().ok_or_else(|| {
                    let text = message!(
                        "There is no scope \"{word}\". The scopes are: {scopes}.",
                        word,
                        scopes = Self::all(),
                    );
                    Error::invalid("scope", text)
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_that_is_no_scope_is_named() {
        let error = "tenant:read tenant:eat".parse::<TokenScopes>().unwrap_err();
        assert!(error.message().contains("tenant:eat"), "{error}");
        assert_eq!("".parse::<TokenScopes>().unwrap(), TokenScopes::default());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bits in 0_u32..1 << TokenScope::ALL.len()) {
            let scopes = TokenScopes(bits);
            prop_assert_eq!(scopes.to_string().parse::<TokenScopes>().unwrap(), scopes);
            prop_assert_eq!(scopes.iter().collect::<TokenScopes>(), scopes);
        }
    }
}
