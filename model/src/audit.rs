//! The audit log.

use std::net::IpAddr;

use crate::{AuditEntryId, ErrorCode, TenantId, Timestamp, states::states};

states! {
    /// What came of something that was begun.
    pub enum AuditResult {
        /// It was done.
        Ok = "OK",
        /// It was refused, and nothing was changed.
        Refused = "REFUSED",
        /// It was begun, and nobody wrote down what came of it: it goes on now, or the process ended
        /// in between. What it was about tells whether it was done.
        Unknown = "UNKNOWN",
    }
}

/// Who did what for whom, from where, when, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditEntryId,
    /// For whom.
    pub tenant_id: TenantId,
    /// Who.
    pub actor: String,
    /// What: the mutation's name.
    pub action: String,
    /// Global id of what it was done to.
    pub subject: Option<String>,
    /// Of the request, for logs.
    pub request_id: Option<String>,
    /// The address that it came from.
    pub remote: Option<IpAddr>,
    /// What the caller's program calls itself; at most 200 characters.
    pub user_agent: Option<String>,
    /// When it was begun.
    pub opened_at: Timestamp,
    /// When it was over.
    pub completed_at: Option<Timestamp>,
    /// What came of it.
    pub result: AuditResult,
    /// Why it was refused.
    pub error_code: Option<ErrorCode>,
}

/// Which lines of the audit log are asked for. What is absent excludes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this mutation.
    pub action: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// Begun then or later.
    pub since: Option<Timestamp>,
    /// Begun before then.
    pub until: Option<Timestamp>,
}

states! {
    /// What people do of their own account, as the audit log calls it.
    pub enum AccountEvent {
        /// An account was made.
        SignUp = "signUp",
        /// They signed in, or somebody tried to.
        SignIn = "signIn",
        /// They signed out, of this browser or of others.
        SignOut = "signOut",
        /// They chose a new password by a code.
        PasswordReset = "passwordReset",
        /// They chose a new password.
        PasswordChange = "passwordChange",
        /// Signing in takes a second factor.
        SecondFactorEnable = "secondFactorEnable",
        /// Signing in takes no second factor any more.
        SecondFactorDisable = "secondFactorDisable",
        /// An identity elsewhere can sign in.
        IdentityLink = "identityLink",
        /// An identity elsewhere can sign in no longer.
        IdentityUnlink = "identityUnlink",
        /// They let an application act in their name.
        ConsentGive = "consentGive",
        /// They took that back.
        ConsentEnd = "consentEnd",
    }
}

/// What was done with an account, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEventLine {
    /// What.
    pub event: AccountEvent,
    /// From where.
    pub remote: Option<String>,
    /// With which browser.
    pub user_agent: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether it was refused.
    pub refused: bool,
}
