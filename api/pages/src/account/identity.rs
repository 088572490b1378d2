//! Identities elsewhere: linking another one, and taking one away.

use axum::response::Response;
use berth_model::{Error, IdentityTrip, Result};
use uuid::Uuid;

use super::{change::password_try, settled};
use crate::{
    form::{Form, Posted},
    identity::{leave, redirect_uri},
    page::Page,
};

/// `POST /account/identities`: to the identity provider.
pub(super) async fn begin(Posted { page, form }: Posted) -> Response {
    match begin_do(&page, &form).await {
        Ok(trip) => leave(&page, &trip).await,
        Err(error) => settled(&page, Err(error)).await,
    }
}

async fn begin_do(page: &Page, form: &Form) -> Result<IdentityTrip> {
    let session = page.signed_in()?;
    password_try(page)?;
    let id = form.get("provider").parse()?;
    let (store, uri) = (&page.site.state.store, redirect_uri(page, id));
    store
        .identity_link_begin(session, &page.visit, form.exact("password"), id, &uri)
        .await
}

/// `POST /account/identities/confirm`: back from there, after the person has seen what is linked.
pub(super) async fn confirm(Posted { page, .. }: Posted) -> Response {
    let done = confirm_do(&page).await;
    settled(&page, done).await
}

async fn confirm_do(page: &Page) -> Result<()> {
    let session = page.signed_in()?;
    let store = &page.site.state.store;
    store.identity_link_confirm(session, &page.visit).await
}

/// `POST /account/identities/end`
pub(super) async fn end(Posted { page, form }: Posted) -> Response {
    let done = end_do(&page, &form).await;
    settled(&page, done).await
}

async fn end_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    password_try(page)?;
    let id = Uuid::try_parse(form.get("id"));
    let id = id.map_err(|_| Error::invalid("id", "This is not an id."))?;
    let store = &page.site.state.store;
    store
        .identity_unlink(session, id, form.exact("password"))
        .await
}
