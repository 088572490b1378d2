//! What a client accepts: which of GraphQL's two media types (GraphQL over HTTP, sections 4 and 6), and
//! which language.

use axum::http::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_LANGUAGE},
};
use berth_model::Locale;

/// The language of a reader: the one of ours that the request likes best, or English.
pub(crate) fn language(headers: &HeaderMap) -> Locale {
    let asked = headers.get(ACCEPT_LANGUAGE);
    let asked = asked.and_then(|value| value.to_str().ok());
    asked.and_then(Locale::accepted).unwrap_or(Locale::En)
}

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/json`: what the schema refuses is 200 with errors.
    Json,
    /// `application/graphql-response+json`: it has a status of its own.
    GraphqlResponse,
}

impl MediaType {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }

    /// The one that a client accepts; none if neither. Without a word on it: JSON.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut said = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .peekable();
        if said.peek().is_none() {
            return Some(Self::Json);
        }
        let mut json = false;
        for part in said.flat_map(|value| value.split(',')) {
            let mut parameters = part.split(';').map(str::trim);
            let name = parameters.next().unwrap_or_default().to_ascii_lowercase();
            let refused = parameters.any(|parameter| matches!(parameter, "q=0" | "q=0.0"));
            match name.as_str() {
                _ if refused => {}
                "application/graphql-response+json" => return Some(Self::GraphqlResponse),
                "application/json" | "application/*" | "*/*" => json = true,
                _ => {}
            }
        }
        json.then_some(Self::Json)
    }
}

/// Whether a body says that it is of this media type; parameters such as a charset don't matter.
pub(crate) fn is_type(headers: &HeaderMap, name: &str) -> bool {
    headers
        .get(axum::http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(name))
}
