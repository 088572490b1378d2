//! Forms that came back: from a page of ours, in the same browser, and from nowhere else.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use crate::{Site, page::Page};

/// The longest form, in bytes.
const BYTES: usize = 16 * 1024;

/// What was typed in.
#[derive(Default)]
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    /// Reads it; none if a field comes twice.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = HashMap::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            if fields
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return None;
            }
        }
        Some(Self(fields))
    }

    /// A field; empty if it wasn't there. Without the spaces around it, which nobody meant.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// A field to the letter: passwords.
    pub fn exact(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether a box was ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// A page that was asked for with a form.
pub(crate) struct Posted {
    /// The page.
    pub page: Page,
    /// The form.
    pub form: Form,
}

impl FromRequest<Arc<Site>> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let page = Page::from_request_parts(&mut parts, site).await?;
        let form = received(&page, &parts.headers, body).await?;
        Ok(Self { page, form })
    }
}

/// The form of a request to a page, once it is sure who made it.
pub(crate) async fn received(
    page: &Page,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Form, Response> {
    let bytes = to_bytes(body, BYTES)
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    let refused = || page.problem(StatusCode::BAD_REQUEST, page.words.error_request);
    let form = Form::read(&bytes).ok_or_else(refused)?;
    if is_ours(headers) && same(form.exact("csrf"), &page.csrf()) {
        Ok(form)
    } else {
        Err(page.problem(StatusCode::FORBIDDEN, page.words.error_stale))
    }
}

/// Browsers say where a form comes from; those that don't still need the secret of the page.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = text("host").unwrap_or_default();
    let origin = text("origin").map(|origin| origin.split_once("://").map(|(_, host)| host));
    let origin = origin.is_none_or(|origin| origin == Some(host));
    site && origin
}

/// In a time that doesn't tell how much of it is right.
fn same(given: &str, known: &str) -> bool {
    given.len() == known.len()
        && given
            .bytes()
            .zip(known.bytes())
            .fold(0, |wrong, (a, b)| wrong | (a ^ b))
            == 0
}
