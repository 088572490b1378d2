//! From diesel's errors to ours: each query says what "no row" and "is there already" mean to it.

use berth_model::{Error, ErrorCode};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// What has no meaning for a caller.
pub(crate) fn internal(cause: DieselError) -> Error {
    match &cause {
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => Error::new(
            ErrorCode::Unavailable,
            "The database can't be reached now. Try again in a minute.",
        )
        .because(cause),
        _ => Error::internal(cause),
    }
}

/// No row: there is no such thing for this actor.
pub(crate) fn not_found(noun: &'static str) -> impl Fn(DieselError) -> Error {
    move |cause| match cause {
        DieselError::NotFound => Error::not_found(noun),
        other => internal(other),
    }
}

/// A broken unique constraint: something of this name is there already. Each entry is the
/// constraint's name, the argument, and the message.
pub(crate) fn already_exists<'a>(
    constraints: &'a [(&'a str, &'a str, &'static str)],
) -> impl Fn(DieselError) -> Error + 'a {
    move |cause| {
        let broken = match &cause {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                info.constraint_name().map(str::to_owned)
            }
            _ => None,
        };
        let known = constraints
            .iter()
            .find(|(name, ..)| broken.as_deref() == Some(name));
        match known {
            Some((_, field, message)) => Error::new(ErrorCode::AlreadyExists, *message)
                .at(field)
                .because(cause),
            None => internal(cause),
        }
    }
}
