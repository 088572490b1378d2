//! From our errors to GraphQL's: a code in `extensions`, a public message, the cause in the log
//! alone.

use std::{any::Any, sync::Arc};

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use berth_model::{Error, ErrorCode, Locale};

/// An error before anything ran, and what goes with it.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The error.
    pub error: Error,
    /// When to try again, in seconds.
    pub retry_after_seconds: Option<i64>,
    /// The answer's `extensions.cost`, once it is known.
    pub cost: Option<Box<Value>>,
    /// The language of the person who asks, where the request says none.
    pub locale: Option<Locale>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self {
            error,
            retry_after_seconds: None,
            cost: None,
            locale: None,
        }
    }
}

impl Refusal {
    /// As the answer to a GraphQL request, in the reader's language: the person's own, or what the request comes
    /// to without one.
    pub fn response(&self, locale: Locale) -> Response {
        let locale = self.locale.unwrap_or(locale);
        let mut error = ServerError::new(self.error.text(locale), None);
        let extensions = error.extensions.get_or_insert_default();
        describe(extensions, &self.error);
        if let Some(seconds) = self.retry_after_seconds {
            extensions.set("retryAfterSeconds", seconds);
        }
        let response = Response::from_errors(vec![error]);
        match &self.cost {
            Some(cost) => response.extension("cost", Value::clone(cost)),
            None => response,
        }
    }
}

/// Gives each error of an answer its code and the reader's language, and logs causes. What isn't one of ours is
/// async-graphql's own: a document that doesn't fit the schema.
pub(crate) fn finish(response: &mut Response, locale: Locale) {
    for error in &mut response.errors {
        let source = error.source.take();
        let ours = source.as_ref().and_then(ours);
        let extensions = error.extensions.get_or_insert_default();
        if let Some(ours) = ours {
            error.message = ours.text(locale).into_owned();
            describe(extensions, ours);
            log(ours);
        } else if extensions.get("code").is_none() {
            extensions.set("code", ErrorCode::InvalidInput.as_str());
        }
    }
}

/// The code of an error that no answer has yet.
pub(crate) fn code(error: &ServerError) -> ErrorCode {
    let ours = error.source.as_ref().and_then(ours);
    ours.map_or(ErrorCode::InvalidInput, Error::code)
}

fn ours(source: &Arc<dyn Any + Send + Sync>) -> Option<&Error> {
    source
        .downcast_ref::<Error>()
        .or_else(|| source.downcast_ref::<Arc<Error>>().map(AsRef::as_ref))
}

/// The code of the first error, for metrics; `OK` without one.
pub(crate) fn outcome(response: &Response) -> &'static str {
    let Some(error) = response.errors.first() else {
        return "OK";
    };
    let code = error
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get("code"));
    let known = |text: &str| ErrorCode::ALL.iter().find(|code| code.as_str() == text);
    match code {
        Some(Value::String(text)) => known(text).map_or("OTHER", |code| code.as_str()),
        _ => "OTHER",
    }
}

/// Writes down what a caller isn't told.
pub(crate) fn log(error: &Error) {
    match error.code() {
        ErrorCode::Internal => tracing::error!(cause = error.cause_text(), "internal error"),
        ErrorCode::Unavailable => tracing::warn!(cause = error.cause_text(), "unavailable"),
        _ => {}
    }
}

fn describe(extensions: &mut ErrorExtensionValues, error: &Error) {
    extensions.set("code", error.code().as_str());
    if let Some(field) = error.field() {
        extensions.set("field", field);
    }
}
