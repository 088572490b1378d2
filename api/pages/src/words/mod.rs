//! What pages say, in every language: a phrase that one of them lacks doesn't compile.

mod de;
mod en;
mod fr;

use std::borrow::Cow;

use berth_model::{AccountEvent, Error, ErrorCode, Locale, Role, TokenScope};

/// The phrases of a language.
pub(crate) struct Words {
    /// Of the language itself.
    pub language: &'static str,
    pub sign_in: &'static str,
    pub sign_in_lead: &'static str,
    pub sign_up: &'static str,
    pub sign_up_lead: &'static str,
    pub sign_out: &'static str,
    pub no_account: &'static str,
    pub have_account: &'static str,
    pub forgot: &'static str,
    pub email: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub password: &'static str,
    pub new_password: &'static str,
    pub password_hint: &'static str,
    pub current_password: &'static str,
    pub terms_accept: &'static str,
    pub terms: &'static str,
    pub terms_new: &'static str,
    pub privacy: &'static str,
    pub imprint: &'static str,
    pub help: &'static str,
    pub go_on: &'static str,
    pub cancel: &'static str,
    pub code: &'static str,
    pub code_title: &'static str,
    pub code_lead: &'static str,
    pub code_none: &'static str,
    pub code_again: &'static str,
    pub second_title: &'static str,
    pub second_lead: &'static str,
    pub second_recovery: &'static str,
    pub reset_title: &'static str,
    pub reset_lead: &'static str,
    pub reset_recovery: &'static str,
    pub reset_finish_lead: &'static str,
    pub account: &'static str,
    pub account_lead: &'static str,
    pub saved: &'static str,
    pub save: &'static str,
    pub change: &'static str,
    pub remove: &'static str,
    pub person: &'static str,
    pub language_label: &'static str,
    pub email_change: &'static str,
    pub email_change_hint: &'static str,
    pub email_new: &'static str,
    pub password_change: &'static str,
    pub password_change_hint: &'static str,
    pub password_none: &'static str,
    pub recovery_email: &'static str,
    pub recovery_email_hint: &'static str,
    pub recovery_email_none: &'static str,
    pub second_factor: &'static str,
    pub second_factor_off: &'static str,
    pub second_factor_on: &'static str,
    pub second_factor_set_up: &'static str,
    pub authenticator_lead: &'static str,
    pub authenticator_secret: &'static str,
    pub authenticator_code: &'static str,
    pub recovery_codes: &'static str,
    pub recovery_codes_left: &'static str,
    pub recovery_codes_lead: &'static str,
    pub recovery_codes_new: &'static str,
    pub recovery_codes_done: &'static str,
    pub sessions: &'static str,
    pub sessions_hint: &'static str,
    pub session_here: &'static str,
    pub session_unknown: &'static str,
    pub session_seen: &'static str,
    pub session_end: &'static str,
    pub sessions_end_others: &'static str,
    pub applications: &'static str,
    pub applications_hint: &'static str,
    pub applications_none: &'static str,
    pub application_end: &'static str,
    pub tenants: &'static str,
    pub tenants_none: &'static str,
    pub tenant_leave: &'static str,
    pub invitation: &'static str,
    pub invitation_have: &'static str,
    pub invitation_lead: &'static str,
    pub invitation_asks: &'static str,
    pub invitation_role: &'static str,
    pub invitation_accept: &'static str,
    pub invitation_decline: &'static str,
    pub error_last_owner: &'static str,
    pub error_member: &'static str,
    pub consent_title: &'static str,
    pub consent_lead: &'static str,
    pub consent_as: &'static str,
    pub consent_tenant: &'static str,
    pub consent_account: &'static str,
    pub consent_account_hint: &'static str,
    pub consent_goes_to: &'static str,
    pub consent_revoke_hint: &'static str,
    pub consent_allow: &'static str,
    pub consent_deny: &'static str,
    pub consent_other: &'static str,
    pub sign_in_with: &'static str,
    pub identity_leave: &'static str,
    pub identity_leave_lead: &'static str,
    pub identity_sign_up_lead: &'static str,
    pub identity_link_title: &'static str,
    pub identity_link: &'static str,
    pub identity_password_lead: &'static str,
    pub identity_mail_lead: &'static str,
    pub identity_mail: &'static str,
    pub identity_confirm_lead: &'static str,
    pub identities: &'static str,
    pub identities_hint: &'static str,
    pub events: &'static str,
    pub events_hint: &'static str,
    pub event_refused: &'static str,
    pub error_title: &'static str,
    pub error_request: &'static str,
    pub error_client: &'static str,
    pub error_redirect: &'static str,
    pub error_stale: &'static str,
    pub error_not_found: &'static str,
    pub error_internal: &'static str,
    pub error_unavailable: &'static str,
    pub error_throttled: &'static str,
    pub error_wrong_credentials: &'static str,
    pub error_wrong_code: &'static str,
    pub error_hosted: &'static str,
    pub error_email: &'static str,
    pub error_email_taken: &'static str,
    pub error_email_same: &'static str,
    pub error_name: &'static str,
    pub error_terms: &'static str,
    pub error_signed_out: &'static str,
    pub error_identity_denied: &'static str,
    pub error_identity_refused: &'static str,
    pub error_identity_unverified: &'static str,
    pub error_identity_expired: &'static str,
    pub error_identity_unavailable: &'static str,
    pub error_identity_linked: &'static str,
    pub error_identity_last: &'static str,
    /// What happened, in the order of [`AccountEvent::ALL`].
    events_named: [&'static str; 11],
    /// What each scope opens, in the order of [`TokenScope::ALL`].
    scopes: &'static [(TokenScope, &'static str)],
    /// The roles, in the order of `Role::ALL`.
    roles: [&'static str; 8],
}

impl Words {
    /// Of a language.
    pub fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::En => &en::WORDS,
            Locale::De => &de::WORDS,
            Locale::Fr => &fr::WORDS,
        }
    }

    /// What a scope opens.
    pub fn scope(&self, scope: &TokenScope) -> &'static str {
        let found = self.scopes.iter().find(|(known, _)| known == scope);
        found.map_or("", |(_, text)| text)
    }

    /// What was done with an account.
    pub fn event(&self, event: &AccountEvent) -> &'static str {
        self.events_named[*event as usize]
    }

    /// What a member is.
    pub fn role(&self, role: &Role) -> &'static str {
        self.roles[*role as usize]
    }

    /// What went wrong, in words that say what to do.
    pub fn error(&self, error: &Error, locale: Locale) -> Cow<'static, str> {
        let phrase = match (error.code(), error.field()) {
            (ErrorCode::WrongCredentials, _) => self.error_wrong_credentials,
            (ErrorCode::Cancelled, Some("identity")) => self.error_identity_denied,
            (ErrorCode::IdentityRefused, _) => self.error_identity_refused,
            (ErrorCode::IdentityUnverified, _) => self.error_identity_unverified,
            (ErrorCode::WrongCode, Some("identity")) => self.error_identity_expired,
            (ErrorCode::Unavailable, Some("identity")) => self.error_identity_unavailable,
            (ErrorCode::AlreadyExists, Some("identity")) => self.error_identity_linked,
            (ErrorCode::WrongState, Some("identity")) => self.error_identity_last,
            (ErrorCode::WrongCode, _) => self.error_wrong_code,
            (ErrorCode::HostedAddress, _) => self.error_hosted,
            (ErrorCode::Throttled, _) => self.error_throttled,
            (ErrorCode::Unavailable, _) => self.error_unavailable,
            (ErrorCode::Unauthenticated, _) => self.error_signed_out,
            (ErrorCode::WrongState, _) => self.error_last_owner,
            (ErrorCode::AlreadyExists, Some("member")) => self.error_member,
            (ErrorCode::AlreadyExists, Some("email")) => self.error_email_taken,
            (ErrorCode::InvalidInput, Some("email")) => self.error_email,
            (ErrorCode::InvalidInput, Some("recoveryEmail")) => self.error_email_same,
            (ErrorCode::InvalidInput, Some("name")) => self.error_name,
            (ErrorCode::InvalidInput, Some("terms")) => self.error_terms,
            (ErrorCode::NotFound, _) => self.error_not_found,
            (ErrorCode::Internal, _) => self.error_internal,
            // What no page has words of its own for is told as everywhere else.
            _ => return error.text(locale).into_owned().into(),
        };
        phrase.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_name_of_its_own() {
        for locale in Locale::ALL {
            let words = Words::of(*locale);
            let named: Vec<_> = AccountEvent::ALL.iter().map(|e| words.event(e)).collect();
            assert_eq!(named, words.events_named, "{locale}");
        }
    }

    #[test]
    fn every_scope_is_told_in_every_language() {
        for locale in Locale::ALL {
            for scope in TokenScope::ALL {
                assert!(
                    !Words::of(*locale).scope(scope).is_empty(),
                    "{scope} in {locale}"
                );
            }
        }
    }
}
