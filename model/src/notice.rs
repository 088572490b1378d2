//! Notices: what Berth tells people by mail. They leave by an outbox, so that whoever causes one
//! knows no mail server and waits for none.

use std::fmt;

use uuid::Uuid;

use crate::{
    Brand, DomainName, EmailAddress, Locale, OperationId, Role, Timestamp, states::states,
};

/// Of a notice. It has no global form: the API shows none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub Uuid);

/// 32 hexadecimal digits.
impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

states! {
    /// What a notice tells.
    pub enum NoticeKind {
        /// It runs for the first time, or again after a restore: where to sign in, without a password.
        DeploymentRunning = "DEPLOYMENT_RUNNING",
        /// It should run and doesn't.
        DeploymentDegraded = "DEPLOYMENT_DEGRADED",
        /// There was no room for it.
        DeploymentRefused = "DEPLOYMENT_REFUSED",
        /// It is gone, and can be restored until a date.
        DeploymentDeleted = "DEPLOYMENT_DELETED",
        /// Its data is gone too.
        DeploymentPurged = "DEPLOYMENT_PURGED",
        /// A code that shows that the address is theirs.
        EmailVerify = "EMAIL_VERIFY",
        /// Somebody tried to sign up with an address that has an account.
        SignUpKnown = "SIGN_UP_KNOWN",
        /// A code to choose a new password with.
        PasswordReset = "PASSWORD_RESET",
        /// The password is another one.
        PasswordChanged = "PASSWORD_CHANGED",
        /// A code that shows that the new address is theirs.
        EmailChange = "EMAIL_CHANGE",
        /// The address is another one: told to the old one.
        EmailChanged = "EMAIL_CHANGED",
        /// A code that shows that the recovery address is theirs.
        RecoveryAddressVerify = "RECOVERY_ADDRESS_VERIFY",
        /// The recovery address is another one.
        RecoveryAddressChanged = "RECOVERY_ADDRESS_CHANGED",
        /// Signing in takes a second factor from now on.
        SecondFactorOn = "SECOND_FACTOR_ON",
        /// Signing in takes no second factor any more.
        SecondFactorOff = "SECOND_FACTOR_OFF",
        /// A recovery code took the second factor's place.
        RecoveryCodeUsed = "RECOVERY_CODE_USED",
        /// There are new recovery codes.
        RecoveryCodesNew = "RECOVERY_CODES_NEW",
        /// A sign-in from a browser that was not known.
        SignedInElsewhere = "SIGNED_IN_ELSEWHERE",
        /// A code that shows that an account is theirs, to which an identity is to be linked.
        IdentityLink = "IDENTITY_LINK",
        /// An identity of another provider can sign in.
        IdentityLinked = "IDENTITY_LINKED",
        /// An identity of another provider can sign in no longer.
        IdentityUnlinked = "IDENTITY_UNLINKED",
        /// Somebody asks them to become a member of a tenant.
        Invitation = "INVITATION",
        /// They are a member of a tenant no longer.
        MemberRemoved = "MEMBER_REMOVED",
        /// They may do something else in a tenant.
        RoleChanged = "ROLE_CHANGED",
        /// The provider's support may act for a tenant for a while.
        SupportGrantOpened = "SUPPORT_GRANT_OPENED",
    }
}

states! {
    /// Where a notice is.
    pub enum NoticeState {
        /// It waits to be sent, or is sent now.
        Queued = "QUEUED",
        /// The mail server took it.
        Sent = "SENT",
        /// The mail server refused it, or its time was over.
        Failed = "FAILED",
        /// No mail is set up.
        Discarded = "DISCARDED",
    }
}

/// What a notice tells, with everything that its text needs. Codes are for typing in, good for 15
/// minutes unless said otherwise; a mail never has a link with a secret.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum NoticeBody {
    /// What became of a deployment.
    Deployment(DeploymentNotice),
    /// Of [`NoticeKind::EmailVerify`].
    EmailVerify {
        /// What they type in.
        code: String,
    },
    /// Of [`NoticeKind::SignUpKnown`].
    SignUpKnown,
    /// Of [`NoticeKind::PasswordReset`].
    PasswordReset {
        /// What they type in.
        code: String,
    },
    /// Of [`NoticeKind::PasswordChanged`].
    PasswordChanged {
        /// From where, such as an IP address.
        from: String,
        /// When.
        at: Timestamp,
    },
    /// Of [`NoticeKind::EmailChange`], to the new address.
    EmailChange {
        /// What they type in.
        code: String,
    },
    /// Of [`NoticeKind::EmailChanged`], to the old address.
    EmailChanged {
        /// The new address, not all of it, such as `a…@example.org`.
        new_email_hint: String,
    },
    /// Of [`NoticeKind::RecoveryAddressVerify`], to the recovery address.
    RecoveryAddressVerify {
        /// What they type in.
        code: String,
    },
    /// Of [`NoticeKind::RecoveryAddressChanged`].
    RecoveryAddressChanged,
    /// Of [`NoticeKind::SecondFactorOn`].
    SecondFactorOn,
    /// Of [`NoticeKind::SecondFactorOff`].
    SecondFactorOff,
    /// Of [`NoticeKind::RecoveryCodeUsed`].
    RecoveryCodeUsed {
        /// How many are left.
        left: u8,
    },
    /// Of [`NoticeKind::RecoveryCodesNew`].
    RecoveryCodesNew,
    /// Of [`NoticeKind::SignedInElsewhere`].
    SignedInElsewhere {
        /// From where, such as an IP address.
        from: String,
        /// With what, such as `Firefox on Linux`.
        browser: String,
        /// When.
        at: Timestamp,
    },
    /// Of [`NoticeKind::IdentityLink`].
    IdentityLink {
        /// What they type in.
        code: String,
    },
    /// Of [`NoticeKind::IdentityLinked`].
    IdentityLinked {
        /// The identity provider's name.
        provider: String,
    },
    /// Of [`NoticeKind::IdentityUnlinked`].
    IdentityUnlinked {
        /// The identity provider's name.
        provider: String,
    },
    /// Of [`NoticeKind::Invitation`].
    Invitation {
        /// The tenant's name.
        tenant: String,
        /// Who asks: a name.
        inviter: String,
        /// What they type in. Its text says no time, since invitations are good for longer.
        code: String,
        /// Where they type it in, without a secret.
        url: String,
    },
    /// Of [`NoticeKind::MemberRemoved`].
    MemberRemoved {
        /// The tenant's name.
        tenant: String,
    },
    /// Of [`NoticeKind::RoleChanged`].
    RoleChanged {
        /// The tenant's name.
        tenant: String,
        /// What they are now.
        role: Role,
    },
    /// Of [`NoticeKind::SupportGrantOpened`].
    SupportGrantOpened {
        /// The tenant's name.
        tenant: String,
        /// Why, as support wrote it.
        reason: String,
        /// Until when.
        until: Timestamp,
    },
}

/// What became of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeploymentNotice {
    /// The operation that caused it, which support asks for.
    pub operation_id: OperationId,
    /// The deployment's name.
    pub deployment: String,
    /// The deployment's domain name.
    pub domain_name: DomainName,
    /// The application's name.
    pub application: String,
    /// What happened.
    pub event: DeploymentEvent,
}

/// What happened to a deployment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum DeploymentEvent {
    /// Of [`NoticeKind::DeploymentRunning`].
    Running {
        /// Who signs in first. The password is never in a mail: it is fetched from the storefront.
        administrator_username: String,
    },
    /// Of [`NoticeKind::DeploymentDegraded`].
    Degraded {
        /// A public message ([`crate::Error::message`]).
        reason: String,
    },
    /// Of [`NoticeKind::DeploymentRefused`].
    Refused {
        /// A public message ([`crate::Error::message`]).
        reason: String,
    },
    /// Of [`NoticeKind::DeploymentDeleted`].
    Deleted {
        /// Until when it can be restored.
        retain_until: Timestamp,
    },
    /// Of [`NoticeKind::DeploymentPurged`].
    Purged,
}

/// Somebody who gets a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// For the greeting; empty if it isn't known.
    pub name: String,
    /// Where it goes.
    pub email: EmailAddress,
    /// The language that they read.
    pub locale: Locale,
}

/// A notice to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id. The Message-ID is made from it, so that a notice that is sent again after a crash is
    /// recognised as the same mail.
    pub id: NoticeId,
    /// To whom.
    pub recipient: Recipient,
    /// From whom; none: from the provider itself.
    pub brand: Option<Brand>,
    /// What it tells.
    pub body: NoticeBody,
    /// When what it tells was so: the mail's date.
    pub created_at: Timestamp,
}

impl NoticeBody {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> NoticeKind {
        match self {
            Self::Deployment(notice) => notice.event.kind(),
            Self::EmailVerify { .. } => NoticeKind::EmailVerify,
            Self::SignUpKnown => NoticeKind::SignUpKnown,
            Self::PasswordReset { .. } => NoticeKind::PasswordReset,
            Self::PasswordChanged { .. } => NoticeKind::PasswordChanged,
            Self::EmailChange { .. } => NoticeKind::EmailChange,
            Self::EmailChanged { .. } => NoticeKind::EmailChanged,
            Self::RecoveryAddressVerify { .. } => NoticeKind::RecoveryAddressVerify,
            Self::RecoveryAddressChanged => NoticeKind::RecoveryAddressChanged,
            Self::SecondFactorOn => NoticeKind::SecondFactorOn,
            Self::SecondFactorOff => NoticeKind::SecondFactorOff,
            Self::RecoveryCodeUsed { .. } => NoticeKind::RecoveryCodeUsed,
            Self::RecoveryCodesNew => NoticeKind::RecoveryCodesNew,
            Self::SignedInElsewhere { .. } => NoticeKind::SignedInElsewhere,
            Self::IdentityLink { .. } => NoticeKind::IdentityLink,
            Self::IdentityLinked { .. } => NoticeKind::IdentityLinked,
            Self::IdentityUnlinked { .. } => NoticeKind::IdentityUnlinked,
            Self::Invitation { .. } => NoticeKind::Invitation,
            Self::MemberRemoved { .. } => NoticeKind::MemberRemoved,
            Self::RoleChanged { .. } => NoticeKind::RoleChanged,
            Self::SupportGrantOpened { .. } => NoticeKind::SupportGrantOpened,
        }
    }
}

impl fmt::Debug for NoticeBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Codes stay out of logs.
        write!(f, "NoticeBody({})", self.kind())
    }
}

impl DeploymentEvent {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> NoticeKind {
        match self {
            Self::Running { .. } => NoticeKind::DeploymentRunning,
            Self::Degraded { .. } => NoticeKind::DeploymentDegraded,
            Self::Refused { .. } => NoticeKind::DeploymentRefused,
            Self::Deleted { .. } => NoticeKind::DeploymentDeleted,
            Self::Purged => NoticeKind::DeploymentPurged,
        }
    }
}

impl NoticeKind {
    /// Whether it holds a code that somebody waits for, at a page that asks for it: it goes before
    /// others, and after 15 minutes it is of no use.
    #[must_use]
    pub const fn is_code(self) -> bool {
        matches!(
            self,
            Self::EmailVerify
                | Self::PasswordReset
                | Self::EmailChange
                | Self::RecoveryAddressVerify
                | Self::IdentityLink
        )
    }
}
