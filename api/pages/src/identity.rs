//! Signing in by an identity provider: out to it, back again, and what the person decides then.
//!
//! The way out begins with a form of ours and shows a page that goes on by itself: a policy of the page
//! before would stop a redirect there. The way back leads to a path of that provider alone, so that
//! one's answer is never taken for another's, and only the state that this browser was given counts.

mod back;
mod decide;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use berth_model::{IdentityProvider, IdentityProviderId, IdentityTrip, Realm, Result};

use crate::{
    Site,
    form::{Form, Posted},
    page::Page,
    view::Frame,
};

/// The routes.
pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/identity", get(decide::show))
        .route("/identity/begin", post(begin))
        .route("/identity/callback/{provider}", get(back::callback))
        .route("/identity/sign-up", post(decide::sign_up))
        .route("/identity/password", post(decide::password))
        .route("/identity/mail", post(decide::mail))
        .route(
            "/identity/code",
            get(decide::code).post(decide::code_submit),
        )
}

/// The way to where an identity provider sends people back to, on a host that realms share.
#[must_use]
pub fn identity_callback(realm: Realm, id: IdentityProviderId) -> String {
    let base = realm.0.map(|storefront| format!("/s/{storefront}"));
    callback(&base.unwrap_or_default(), id)
}

fn callback(base: &str, id: IdentityProviderId) -> String {
    format!("{base}/identity/callback/{id}")
}

/// The redirect URI of a provider, at the host that the page was asked at.
pub(crate) fn redirect_uri(page: &Page, id: IdentityProviderId) -> String {
    let place = &page.place;
    format!("{}{}", place.issuer, callback(&place.base, id))
}

/// The providers by which people can sign in here. Signing in works without them too.
pub(crate) async fn offered(page: &Page) -> Vec<IdentityProvider> {
    let store = &page.site.state.store;
    let found = store.identity_provider_shown(page.visit.realm).await;
    found.unwrap_or_else(|error| {
        crate::page::log(&error);
        Vec::new()
    })
}

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'a> {
    frame: Frame<'a>,
    url: &'a str,
    host: &'a str,
}

/// `POST /identity/begin`
async fn begin(Posted { page, form }: Posted) -> Response {
    match begun(&page, &form).await {
        Ok(trip) => leave(&page, &trip).await,
        Err(error) => page.failed(&error),
    }
}

async fn begun(page: &Page, form: &Form) -> Result<IdentityTrip> {
    page.site.throttle.address(&page.visit)?;
    let id: IdentityProviderId = form.get("provider").parse()?;
    let uri = redirect_uri(page, id);
    let store = &page.site.state.store;
    store
        .identity_trip_begin(&page.visit, id, &uri, &page.query)
        .await
}

/// Sends the browser out.
pub(crate) async fn leave(page: &Page, trip: &IdentityTrip) -> Response {
    let url = match page.site.state.issuers.ask(&trip.client, &trip.ask).await {
        Ok(url) => url,
        Err(error) => return page.failed(&error),
    };
    let host = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let view = LeavePage {
        frame: page.frame(page.words.identity_leave),
        host: host.unwrap_or_default(),
        url: &url,
    };
    page.html(StatusCode::OK, &view, "")
}
