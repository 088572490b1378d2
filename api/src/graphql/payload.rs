//! What every mutation answers with: the thing, or why not.

use async_graphql::{Context, Object, Result};
use berth_model::{Error, ErrorCode};

use super::{audited::settled, states::State};
use crate::{context::request, error::log};

/// An expected way for a mutation to fail: nothing was changed.
pub(crate) struct UserError(Error);

/// An expected way for a mutation to fail: nothing was changed.
#[Object]
impl UserError {
    /// A stable code, for programs.
    async fn code(&self) -> State<ErrorCode> {
        State(self.0.code())
    }

    /// What to do, for people, in the language that the request asks for.
    async fn message(&self, ctx: &Context<'_>) -> String {
        self.0.text(request(ctx).language()).into_owned()
    }

    /// The way to the argument that it is about, such as `["input", "domainName"]`.
    async fn field(&self) -> Option<Vec<String>> {
        self.0.field().map(|field| {
            let parts = field
                .split('.')
                .filter(|part| *part != "input")
                .map(str::to_owned);
            std::iter::once("input".to_owned()).chain(parts).collect()
        })
    }
}

/// Tells what a mutation may expect from what it may not: the former are user errors, the latter
/// (ours, and a database that can't be reached) are errors of the request.
pub(crate) fn settle<T>(result: berth_model::Result<T>) -> Result<(Option<T>, Vec<UserError>)> {
    settled(result.as_ref().err().map(Error::code));
    match result {
        Ok(made) => Ok((Some(made), Vec::new())),
        Err(error) => match error.code() {
            ErrorCode::Internal | ErrorCode::Unavailable | ErrorCode::Unauthenticated => {
                Err(error.into())
            }
            _ => {
                log(&error);
                Ok((None, vec![UserError(error)]))
            }
        },
    }
}

/// Names the argument in an error of a mutation that is about one thing and doesn't say which
/// argument.
pub(crate) fn about(field: &'static str) -> impl Fn(Error) -> Error {
    move |error| {
        let named = error.field().is_some();
        let theirs = matches!(error.code(), ErrorCode::NotFound | ErrorCode::WrongState);
        if theirs && !named {
            error.at(field)
        } else {
            error
        }
    }
}
