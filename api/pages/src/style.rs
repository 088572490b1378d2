//! The style sheets: one for all, and the colours of a brand.

use axum::{
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
};

use crate::page::Page;

/// `GET /pages.css`
pub(crate) async fn sheet() -> Response {
    css(include_str!("../templates/pages.css").to_owned())
}

/// `GET /brand.css`. Colours were read as such: nothing else can be in one.
pub(crate) async fn brand(page: Page) -> Response {
    let brand = &page.place.brand;
    let mut text = String::new();
    if let Some(color) = brand.accent_color {
        text += &format!(":root{{--accent:{color};--on-accent:{}}}", color.text());
    }
    if let Some(color) = brand.background_color {
        let scheme = if color.text().to_string() == "#000000" {
            "light"
        } else {
            "dark"
        };
        text += &format!(
            ":root{{color-scheme:{scheme};--background:{color};--on-background:{}}}",
            color.text()
        );
    }
    css(text)
}

fn css(text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/css; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=300"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
