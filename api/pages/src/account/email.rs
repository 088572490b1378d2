//! Other addresses: each is proven by a code.

use axum::response::Response;
use berth_model::{Error, Result};

use super::{change::password_try, left, settled};
use crate::{
    form::{Form, Posted},
    page::Page,
    sign_in::email,
    view::{Field, FormPage},
};

/// `POST /account/email`
pub(super) async fn begin(Posted { page, form }: Posted) -> Response {
    match begin_do(&page, &form).await {
        Ok(()) => page.go(&page.href("/account/email/code")),
        Err(error) => settled(&page, Err(error)).await,
    }
}

async fn begin_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    let email = email(form)?;
    password_try(page)?;
    page.site.throttle.mail(&page.visit, &email, false)?;
    let store = &page.site.state.store;
    store
        .email_change_begin(session, &page.visit, form.exact("password"), &email)
        .await
}

/// `GET /account/email/code`
pub(super) async fn code(page: Page) -> Response {
    shown(&page, "/account/email/code", None)
}

/// `POST /account/email/code`
pub(super) async fn finish(Posted { page, form }: Posted) -> Response {
    match finish_do(&page, &form).await {
        Ok(()) => settled(&page, Ok(())).await,
        Err(error) => shown(&page, "/account/email/code", Some(&error)),
    }
}

async fn finish_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    let store = &page.site.state.store;
    store
        .email_change_finish(session, &page.visit, form.get("code"))
        .await
}

/// `POST /account/recovery-email`
pub(super) async fn recovery_begin(Posted { page, form }: Posted) -> Response {
    match recovery_begin_do(&page, &form).await {
        Ok(()) => page.go(&page.href("/account/recovery-email/code")),
        Err(error) => settled(&page, Err(error)).await,
    }
}

async fn recovery_begin_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    let email = email(form)?;
    password_try(page)?;
    page.site.throttle.mail(&page.visit, &email, false)?;
    let store = &page.site.state.store;
    store
        .recovery_email_begin(session, &page.visit, form.exact("password"), &email)
        .await
}

/// `GET /account/recovery-email/code`
pub(super) async fn recovery_code(page: Page) -> Response {
    shown(&page, "/account/recovery-email/code", None)
}

/// `POST /account/recovery-email/code`
pub(super) async fn recovery_finish(Posted { page, form }: Posted) -> Response {
    match recovery_finish_do(&page, &form).await {
        Ok(()) => settled(&page, Ok(())).await,
        Err(error) => shown(&page, "/account/recovery-email/code", Some(&error)),
    }
}

async fn recovery_finish_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    let store = &page.site.state.store;
    store
        .recovery_email_finish(session, &page.visit, form.get("code"))
        .await
}

/// `POST /account/recovery-email/remove`
pub(super) async fn recovery_remove(Posted { page, form }: Posted) -> Response {
    let done = recovery_remove_do(&page, &form).await;
    settled(&page, done).await
}

async fn recovery_remove_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    password_try(page)?;
    let store = &page.site.state.store;
    store
        .recovery_email_delete(session, form.exact("password"))
        .await
}

fn shown(page: &Page, path: &str, error: Option<&Error>) -> Response {
    if let Err(error) = page.signed_in() {
        return left(page, &error);
    }
    let words = page.words;
    let form = FormPage {
        fields: vec![Field::code(words)],
        links: vec![(page.href("/account"), words.cancel)],
        ..FormPage::new(page, words.code_title, words.code_lead, path)
    };
    page.form(form, error)
}
