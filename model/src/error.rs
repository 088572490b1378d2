//! One error type: a stable code, a public message that says what to do, a cause for the log.

use std::{borrow::Cow, error::Error as StdError, fmt};

use crate::{Locale, Message, message, states::states};

/// What every fallible function of the rooms returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

states! {
    /// Stable codes. A code that was ever given out keeps its meaning.
    pub enum ErrorCode {
        /// An argument has a wrong value; `field` names it.
        InvalidInput = "INVALID_INPUT",
        /// An id is not one that Berth gave out, or of another noun.
        InvalidId = "INVALID_ID",
        /// It does not exist, or the caller may not see it: the two look the same.
        NotFound = "NOT_FOUND",
        /// The caller may see it but not do this with it.
        Forbidden = "FORBIDDEN",
        /// No token, or one that is unknown or has expired.
        Unauthenticated = "UNAUTHENTICATED",
        /// The address or the password is wrong: which of them isn't told.
        WrongCredentials = "WRONG_CREDENTIALS",
        /// A code is wrong, has expired, or was tried too often.
        WrongCode = "WRONG_CODE",
        /// A new password is too short, or too easily guessed.
        WeakPassword = "WEAK_PASSWORD",
        /// A recovery address is at a domain that Berth itself hosts for this person.
        HostedAddress = "HOSTED_ADDRESS",
        /// What an identity provider answered proves nothing.
        IdentityRefused = "IDENTITY_REFUSED",
        /// An identity provider vouches for no e-mail address of this person.
        IdentityUnverified = "IDENTITY_UNVERIFIED",
        /// Something of this name (domain name, external id, slug, …) is there already.
        AlreadyExists = "ALREADY_EXISTS",
        /// The storefront doesn't sell this plan or application.
        NotOffered = "NOT_OFFERED",
        /// It is in a state in which this can't be done.
        WrongState = "WRONG_STATE",
        /// An idempotency key came again with other variables.
        IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED",
        /// No machine has room.
        NoCapacity = "NO_CAPACITY",
        /// Moves of a rebalance failed; each of them says why.
        MovesFailed = "MOVES_FAILED",
        /// A network has no free address.
        NoAddress = "NO_ADDRESS",
        /// The guest did not get healthy in time.
        Unhealthy = "UNHEALTHY",
        /// A machine could not be reached, or did not answer in time. The outcome is unknown.
        MachineUnavailable = "MACHINE_UNAVAILABLE",
        /// A machine refused what was asked of it.
        MachineRefused = "MACHINE_REFUSED",
        /// An image's file is missing here, or its bytes have another hash.
        ImageMismatch = "IMAGE_MISMATCH",
        /// The work's lease went to another worker.
        ClaimLost = "CLAIM_LOST",
        /// The operation was cancelled.
        Cancelled = "CANCELLED",
        /// A later operation made this one needless.
        Superseded = "SUPERSEDED",
        /// A limit was reached; the message names it and its value.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// Too many requests; try again after the time given.
        Throttled = "THROTTLED",
        /// The database can't be reached now.
        Unavailable = "UNAVAILABLE",
        /// A mistake of ours. The log knows more under the request id.
        Internal = "INTERNAL",
    }
}

/// An error. `Display` gives only the public half; the cause is for logs ([`Error::cause_text`]).
#[derive(Debug)]
pub struct Error {
    code: ErrorCode,
    message: Message,
    field: Option<String>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with a public message: a literal, or one made with [`message!`].
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<Message>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            cause: None,
        }
    }

    /// A wrong argument. `field` is its GraphQL path, such as `input.domainName`' s last part.
    #[must_use]
    pub fn invalid(field: &str, message: impl Into<Message>) -> Self {
        Self::new(ErrorCode::InvalidInput, message).at(field)
    }

    /// Nothing of this noun that the caller may see.
    #[must_use]
    pub fn not_found(noun: &str) -> Self {
        Self::new(
            ErrorCode::NotFound,
            message!("There is no such {noun}, or it is not yours.", noun),
        )
    }

    /// A mistake of ours: the cause goes to the log, a plain sentence out.
    #[must_use]
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(
            ErrorCode::Internal,
            "Something went wrong on our side. Try again; if it stays, give support the request id.",
        )
        .because(cause)
    }

    /// The same error, about the argument `field`.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// The same error with its internal cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The public message, in English.
    #[must_use]
    pub fn message(&self) -> &str {
        self.message.english()
    }

    /// The public message in a language.
    #[must_use]
    pub fn text(&self, locale: Locale) -> Cow<'_, str> {
        self.message.text(locale)
    }

    /// What may be told again elsewhere: the same without its cause.
    #[must_use]
    pub fn public(&self) -> Self {
        Self {
            code: self.code,
            message: self.message.clone(),
            field: self.field.clone(),
            cause: None,
        }
    }

    /// The argument it is about, if it is about one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The chain of causes, for the log only. Empty without a cause.
    #[must_use]
    pub fn cause_text(&self) -> String {
        let mut text = String::new();
        let mut next = self.cause.as_deref().map(|cause| cause as &dyn StdError);
        while let Some(cause) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl StdError for Error {}

impl From<std::convert::Infallible> for Error {
    /// So that code that converts in general also takes what can't fail.
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_not_in_what_is_shown() {
        let error = Error::internal("password=hunter2");
        assert!(!error.to_string().contains("hunter2"));
        assert_eq!(error.cause_text(), "password=hunter2");
    }
}
