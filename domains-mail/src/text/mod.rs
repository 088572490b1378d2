//! What notices say: a file for each language. [`Words`] has a function for each kind, so that
//! neither a language nor a kind can be added without its texts.

mod de;
mod en;
mod fr;

use berth_model::{DeploymentEvent, DeploymentNotice, Locale, NoticeBody, Role, Timestamp};

/// A notice in words. Its texts are single lines, as people's names may make them: whoever shows
/// them takes care of that (`plain`).
#[derive(Debug)]
pub(crate) struct Content {
    /// The subject, and the heading.
    pub(crate) subject: String,
    /// Between greeting and farewell.
    pub(crate) blocks: Vec<Block>,
    /// The number that support asks for.
    pub(crate) reference: Option<String>,
}

/// A part of a notice.
#[derive(Debug)]
pub(crate) enum Block {
    /// A paragraph.
    Text(String),
    /// Something to type in.
    Code(String),
    /// An address of a page.
    Link(String),
}

/// Words around every notice.
#[derive(Debug)]
pub(crate) struct Labels {
    /// Before the sender's name.
    pub(crate) farewell: &'static str,
    /// Before the number that support asks for.
    pub(crate) reference: &'static str,
    /// Before where one finds help.
    pub(crate) help: &'static str,
    /// Of the page that tells who is behind it.
    pub(crate) imprint: &'static str,
    /// Of the page about personal data.
    pub(crate) privacy: &'static str,
    /// Of the page of the terms.
    pub(crate) terms: &'static str,
    /// Between a label and what it is of.
    pub(crate) colon: &'static str,
}

/// An invitation's facts.
pub(crate) struct Invitation<'a> {
    tenant: &'a str,
    inviter: &'a str,
    code: &'a str,
    url: &'a str,
}

/// A language: the words of every kind of notice.
pub(crate) trait Words {
    fn labels(&self) -> Labels;
    /// `name` is empty where it isn't known.
    fn greeting(&self, name: &str) -> String;

    fn running(&self, of: &DeploymentNotice, username: &str) -> Content;
    fn degraded(&self, of: &DeploymentNotice, reason: &str) -> Content;
    fn refused(&self, of: &DeploymentNotice, reason: &str) -> Content;
    fn deleted(&self, of: &DeploymentNotice, until: Timestamp) -> Content;
    fn purged(&self, of: &DeploymentNotice) -> Content;

    fn email_verify(&self, code: &str) -> Content;
    fn sign_up_known(&self) -> Content;
    fn password_reset(&self, code: &str) -> Content;
    fn password_changed(&self, from: &str, at: Timestamp) -> Content;
    fn email_change(&self, code: &str) -> Content;
    fn email_changed(&self, hint: &str) -> Content;
    fn recovery_address_verify(&self, code: &str) -> Content;
    fn recovery_address_changed(&self) -> Content;
    fn second_factor_on(&self) -> Content;
    fn second_factor_off(&self) -> Content;
    fn recovery_code_used(&self, left: u8) -> Content;
    fn recovery_codes_new(&self) -> Content;
    fn signed_in_elsewhere(&self, from: &str, browser: &str, at: Timestamp) -> Content;
    fn identity_link(&self, code: &str) -> Content;
    fn identity_linked(&self, provider: &str) -> Content;
    fn identity_unlinked(&self, provider: &str) -> Content;

    fn invitation(&self, of: &Invitation<'_>) -> Content;
    fn member_removed(&self, tenant: &str) -> Content;
    fn role_changed(&self, tenant: &str, role: Role) -> Content;
    fn support_grant_opened(&self, tenant: &str, reason: &str, until: Timestamp) -> Content;
}

/// A language, writing for a brand of this name.
pub(crate) fn words<'a>(locale: Locale, brand: &'a str) -> Box<dyn Words + 'a> {
    match locale {
        Locale::En => Box::new(en::English { brand }),
        Locale::De => Box::new(de::German { brand }),
        Locale::Fr => Box::new(fr::French { brand }),
    }
}

/// What a notice says in a language.
pub(crate) fn content(words: &dyn Words, body: &NoticeBody) -> Content {
    use NoticeBody as B;
    match body {
        B::Deployment(notice) => deployment(words, notice),
        B::EmailVerify { code } => words.email_verify(code),
        B::SignUpKnown => words.sign_up_known(),
        B::PasswordReset { code } => words.password_reset(code),
        B::PasswordChanged { from, at } => words.password_changed(from, *at),
        B::EmailChange { code } => words.email_change(code),
        B::EmailChanged { new_email_hint } => words.email_changed(new_email_hint),
        B::RecoveryAddressVerify { code } => words.recovery_address_verify(code),
        B::RecoveryAddressChanged => words.recovery_address_changed(),
        B::SecondFactorOn => words.second_factor_on(),
        B::SecondFactorOff => words.second_factor_off(),
        B::RecoveryCodeUsed { left } => words.recovery_code_used(*left),
        B::RecoveryCodesNew => words.recovery_codes_new(),
        B::SignedInElsewhere { from, browser, at } => words.signed_in_elsewhere(from, browser, *at),
        B::IdentityLink { code } => words.identity_link(code),
        B::IdentityLinked { provider } => words.identity_linked(provider),
        B::IdentityUnlinked { provider } => words.identity_unlinked(provider),
        B::Invitation {
            tenant,
            inviter,
            code,
            url,
        } => words.invitation(&Invitation {
            tenant,
            inviter,
            code,
            url,
        }),
        B::MemberRemoved { tenant } => words.member_removed(tenant),
        B::RoleChanged { tenant, role } => words.role_changed(tenant, *role),
        B::SupportGrantOpened {
            tenant,
            reason,
            until,
        } => words.support_grant_opened(tenant, reason, *until),
    }
}

fn deployment(words: &dyn Words, notice: &DeploymentNotice) -> Content {
    let content = match &notice.event {
        DeploymentEvent::Running {
            administrator_username,
        } => words.running(notice, administrator_username),
        DeploymentEvent::Degraded { reason } => words.degraded(notice, reason),
        DeploymentEvent::Refused { reason } => words.refused(notice, reason),
        DeploymentEvent::Deleted { retain_until } => words.deleted(notice, *retain_until),
        DeploymentEvent::Purged => words.purged(notice),
    };
    Content {
        reference: Some(notice.operation_id.to_string()),
        ..content
    }
}

fn says<const N: usize>(subject: impl Into<String>, blocks: [Block; N]) -> Content {
    Content {
        subject: subject.into(),
        blocks: blocks.into(),
        reference: None,
    }
}

fn text(text: impl Into<String>) -> Block {
    Block::Text(text.into())
}

fn code(code: &str) -> Block {
    Block::Code(code.to_owned())
}
