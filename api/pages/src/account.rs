//! Somebody's own account: how they sign in, where they are signed in, and who acts in their name.
//! Nothing of this can be done with a token.

mod authenticator;
mod change;
mod email;
mod identity;
mod invitation;

use std::borrow::Cow;

use askama::Template;
use axum::{
    Router,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use berth_model::{
    Account, AccountEventLine, Consent, Error, ErrorCode, Identity, IdentityProvider, Locale,
    Membership, Protection, Result, Session,
};
use uuid::Uuid;

use crate::{
    Site,
    page::{Page, log, status},
    view::Frame,
    words::Words,
};

/// The routes.
pub(crate) fn routes() -> Router<std::sync::Arc<Site>> {
    Router::new()
        .route("/account", get(show))
        .route("/account/profile", post(change::profile))
        .route("/account/password", post(change::password))
        .route("/account/sessions/end", post(change::session_end))
        .route("/account/sessions/end-others", post(change::sessions_end))
        .route("/account/applications/end", post(change::application_end))
        .route(
            "/account/invitation",
            get(invitation::show).post(invitation::find),
        )
        .route("/account/invitation/answer", post(invitation::answer))
        .route("/account/tenants/leave", post(invitation::leave))
        .route("/account/email", post(email::begin))
        .route("/account/email/code", get(email::code).post(email::finish))
        .route("/account/recovery-email", post(email::recovery_begin))
        .route(
            "/account/recovery-email/code",
            get(email::recovery_code).post(email::recovery_finish),
        )
        .route(
            "/account/recovery-email/remove",
            post(email::recovery_remove),
        )
        .route("/account/authenticator", post(authenticator::begin))
        .route(
            "/account/authenticator/confirm",
            post(authenticator::confirm),
        )
        .route("/account/authenticator/remove", post(authenticator::remove))
        .route("/account/recovery-codes", post(authenticator::codes))
        .route("/account/identities", post(identity::begin))
        .route("/account/identities/confirm", post(identity::confirm))
        .route("/account/identities/end", post(identity::end))
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    frame: Frame<'a>,
    base: &'a str,
    account: &'a Account,
    locales: Vec<(&'static str, &'static str, bool)>,
    protection: Protection,
    memberships: Vec<Membership>,
    sessions: Vec<Session>,
    here: Uuid,
    consents: Vec<Consent>,
    identities: Vec<Identity>,
    providers: Vec<IdentityProvider>,
    events: Vec<AccountEventLine>,
    saved: bool,
    problem: Option<Cow<'static, str>>,
}

/// `GET /account`
async fn show(page: Page) -> Response {
    let saved = page.query.split('&').any(|part| part == "saved");
    written(&page, saved, None).await
}

/// The page, with what was wrong with the last form.
async fn written(page: &Page, saved: bool, error: Option<&Error>) -> Response {
    match view(page, saved, error).await {
        Ok(view) => page.html(error.map_or(StatusCode::OK, status), &view, ""),
        Err(error) => left(page, &error),
    }
}

async fn view<'a>(page: &'a Page, saved: bool, error: Option<&Error>) -> Result<AccountPage<'a>> {
    let session = page.signed_in()?;
    let store = &page.site.state.store;
    let locale = |locale: &Locale| {
        let words = Words::of(*locale);
        (locale.tag(), words.language, *locale == page.locale)
    };
    Ok(AccountPage {
        frame: page.frame(page.words.account),
        base: &page.place.base,
        account: &session.account,
        locales: Locale::ALL.iter().map(locale).collect(),
        protection: store.account_protection(session).await?,
        memberships: store.membership_list(session).await?,
        sessions: store.session_list(session).await?,
        here: session.id,
        consents: store.consent_list(session).await?,
        identities: store.identity_list(session).await?,
        providers: store.identity_provider_shown(page.visit.realm).await?,
        events: store.account_event_list(session).await?,
        saved,
        problem: error.map(|error| {
            log(error);
            page.told(error)
        }),
    })
}

/// After a form: back to the page, or what was wrong with it.
async fn settled(page: &Page, done: Result<()>) -> Response {
    match done {
        Ok(()) => page.go(&format!("{}/account?saved", page.place.base)),
        Err(error) if error.code() == ErrorCode::Unauthenticated => left(page, &error),
        Err(error) => written(page, false, Some(&error)).await,
    }
}

/// Who is signed out signs in first.
fn left(page: &Page, error: &Error) -> Response {
    if error.code() == ErrorCode::Unauthenticated {
        page.go(&format!("{}/sign-in", page.place.base))
    } else {
        page.failed(error)
    }
}
