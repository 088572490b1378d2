//! Setting up an authenticator app, and the codes for when it is lost.

use std::borrow::Cow;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use berth_model::{Error, Result};
use qrcode::{QrCode, render::svg};

use super::{change::password_try, settled};
use crate::{
    form::{Form, Posted},
    page::Page,
    view::Frame,
};

#[derive(Template)]
#[template(path = "authenticator.html")]
struct AuthenticatorPage<'a> {
    frame: Frame<'a>,
    base: &'a str,
    picture: String,
    secret: String,
    problem: Option<Cow<'static, str>>,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage<'a> {
    frame: Frame<'a>,
    base: &'a str,
    codes: &'a [String],
}

/// `POST /account/authenticator`. A form, not a link: each time there is a new secret.
pub(super) async fn begin(Posted { page, .. }: Posted) -> Response {
    shown(&page, None).await
}

/// The page with a new secret; after a wrong number too.
async fn shown(page: &Page, problem: Option<Cow<'static, str>>) -> Response {
    match view(page, problem).await {
        Ok(view) => page.html(StatusCode::OK, &view, ""),
        Err(error) => settled(page, Err(error)).await,
    }
}

async fn view<'a>(
    page: &'a Page,
    problem: Option<Cow<'static, str>>,
) -> Result<AuthenticatorPage<'a>> {
    let session = page.signed_in()?;
    let store = &page.site.state.store;
    let issuer = &page.place.brand.name;
    let (url, secret) = store.authenticator_begin(session, issuer).await?;
    Ok(AuthenticatorPage {
        frame: page.frame(page.words.second_factor_set_up),
        base: &page.place.base,
        picture: picture(&url)?,
        secret,
        problem,
    })
}

/// A picture of a text, as a URL that holds it.
fn picture(text: &str) -> Result<String> {
    let code = QrCode::new(text).map_err(Error::internal)?;
    let image = code.render::<svg::Color<'_>>().build();
    let encoded = BASE64_STANDARD.encode(image);
    Ok(format!("data:image/svg+xml;base64,{encoded}"))
}

/// `POST /account/authenticator/confirm`
pub(super) async fn confirm(Posted { page, form }: Posted) -> Response {
    match confirm_do(&page, &form).await {
        Ok(codes) => told(&page, &codes),
        Err(error) if error.code() == berth_model::ErrorCode::WrongCode => {
            shown(&page, Some(page.words.error_wrong_code.into())).await
        }
        Err(error) => settled(&page, Err(error)).await,
    }
}

async fn confirm_do(page: &Page, form: &Form) -> Result<Vec<String>> {
    let session = page.signed_in()?;
    page.site.throttle.address(&page.visit)?;
    let store = &page.site.state.store;
    store.authenticator_confirm(session, form.get("code")).await
}

fn told(page: &Page, codes: &[String]) -> Response {
    let view = CodesPage {
        frame: page.frame(page.words.recovery_codes),
        base: &page.place.base,
        codes,
    };
    page.html(StatusCode::OK, &view, "")
}

/// `POST /account/authenticator/remove`
pub(super) async fn remove(Posted { page, form }: Posted) -> Response {
    let done = remove_do(&page, &form).await;
    settled(&page, done).await
}

async fn remove_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    password_try(page)?;
    let store = &page.site.state.store;
    store
        .authenticator_delete(session, form.exact("password"))
        .await
}

/// `POST /account/recovery-codes`
pub(super) async fn codes(Posted { page, form }: Posted) -> Response {
    match codes_do(&page, &form).await {
        Ok(codes) => told(&page, &codes),
        Err(error) => settled(&page, Err(error)).await,
    }
}

async fn codes_do(page: &Page, form: &Form) -> Result<Vec<String>> {
    let session = page.signed_in()?;
    password_try(page)?;
    let store = &page.site.state.store;
    store
        .recovery_codes_renew(session, form.exact("password"))
        .await
}
