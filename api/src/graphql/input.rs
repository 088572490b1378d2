//! From arguments to the model's types: each mistake names its field.

use std::str::FromStr;

use async_graphql::{ID, MaybeUndefined};
use berth_model::{Change, Error, Result, message};

/// The greatest whole number that every JSON reader keeps.
const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Reads an id of the noun that the caller's type says.
pub(crate) fn id<I: FromStr<Err = Error>>(field: &str, id: &ID) -> Result<I> {
    id.parse().map_err(|error: Error| error.at(field))
}

/// The same, where there is one.
pub(crate) fn id_opt<I: FromStr<Err = Error>>(
    field: &str,
    given: Option<&ID>,
) -> Result<Option<I>> {
    given.map(|given| id(field, given)).transpose()
}

/// Reads a text whose type tells what is wrong with it.
pub(crate) fn parsed<T: FromStr<Err = Error>>(field: &str, text: &str) -> Result<T> {
    text.parse().map_err(|error: Error| error.at(field))
}

/// Reads a text whose type only tells that it is wrong; `example` shows a right one.
pub(crate) fn text_as<T: FromStr>(field: &str, text: &str, example: &str) -> Result<T> {
    text.parse()
        .map_err(|_| Error::invalid(field, message!("Give a value such as {example}.", example)))
}

/// What may be left out, removed by `null`, or given.
pub(crate) fn change<T>(given: MaybeUndefined<T>) -> Change<T> {
    match given {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// A size: not negative.
pub(crate) fn bytes(field: &str, size: super::scalars::Bytes) -> Result<i64> {
    if (0..=INTEGER_MAX).contains(&size.0) {
        Ok(size.0)
    } else {
        Err(Error::invalid(
            field,
            message!("Give a size from 0 to {most} bytes.", most = INTEGER_MAX),
        ))
    }
}

/// A number of a narrower type.
pub(crate) fn number<T: TryFrom<i32>>(field: &str, value: i32, limits: &str) -> Result<T> {
    value
        .try_into()
        .map_err(|_| Error::invalid(field, message!("Give a number {limits}.", limits)))
}

/// A number as GraphQL's `Int`; what it can't hold is cut to what it can.
pub(crate) fn int(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

/// How many things there are, as GraphQL's `Int`.
pub(crate) fn count(number: usize) -> i32 {
    int(i64::try_from(number).unwrap_or(i64::MAX))
}
