//! Small changes: who one is, the password, and taking things back.

use axum::response::Response;
use berth_model::{Error, Locale, Result};
use uuid::Uuid;

use super::settled;
use crate::{
    form::{Form, Posted},
    page::Page,
};

/// `POST /account/profile`
pub(super) async fn profile(Posted { page, form }: Posted) -> Response {
    let done = profile_do(&page, &form).await;
    settled(&page, done).await
}

async fn profile_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    let locale = Locale::of_tag(form.get("locale"))
        .ok_or_else(|| Error::invalid("locale", "There is no such language."))?;
    let store = &page.site.state.store;
    store
        .account_update(session, form.get("name"), locale)
        .await
}

/// `POST /account/password`
pub(super) async fn password(Posted { page, form }: Posted) -> Response {
    let done = password_do(&page, &form).await;
    settled(&page, done).await
}

async fn password_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    password_try(page)?;
    let (current, new) = (form.exact("current"), form.exact("password"));
    let store = &page.site.state.store;
    store
        .password_change(session, &page.visit, current, new)
        .await
}

/// Whoever sits before somebody else's open browser has no more tries than at the sign-in.
pub(super) fn password_try(page: &Page) -> Result<()> {
    let email = &page.signed_in()?.account.email;
    page.site.throttle.password(&page.visit, email, true)
}

/// `POST /account/sessions/end`
pub(super) async fn session_end(Posted { page, form }: Posted) -> Response {
    let done = session_end_do(&page, &form).await;
    settled(&page, done).await
}

async fn session_end_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    page.site.state.store.session_end(session, id(form)?).await
}

/// `POST /account/sessions/end-others`
pub(super) async fn sessions_end(Posted { page, .. }: Posted) -> Response {
    let done = sessions_end_do(&page).await;
    settled(&page, done).await
}

async fn sessions_end_do(page: &Page) -> Result<()> {
    let session = page.signed_in()?;
    page.site.state.store.session_end_others(session).await
}

/// `POST /account/applications/end`
pub(super) async fn application_end(Posted { page, form }: Posted) -> Response {
    let done = application_end_do(&page, &form).await;
    settled(&page, done).await
}

async fn application_end_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    page.site
        .state
        .store
        .consent_delete(session, id(form)?)
        .await
}

fn id(form: &Form) -> Result<Uuid> {
    Uuid::try_parse(form.get("id")).map_err(|_| Error::invalid("id", "This is not an id."))
}
