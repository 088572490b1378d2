//! Signing in and out.

use axum::response::Response;
use berth_model::{EmailAddress, Error, IdentityProvider, Result, SignedIn};

use crate::{
    cookie::Cookie,
    form::{Form, Posted},
    identity::offered,
    page::Page,
    view::{Field, FormPage},
};

/// `GET /sign-in`
pub(crate) async fn show(page: Page) -> Response {
    let hint = form_urlencoded::parse(page.query.as_bytes())
        .find(|(name, _)| name == "login_hint")
        .map(|(_, value)| value.into_owned());
    let providers = offered(&page).await;
    page.form(view(&page, &hint.unwrap_or_default(), providers), None)
}

/// `POST /sign-in`
pub(crate) async fn submit(Posted { page, form }: Posted) -> Response {
    match sign_in(&page, &form).await {
        Ok(SignedIn::Done(cookies)) => page.go_on_signed_in(&cookies),
        Ok(SignedIn::SecondFactor) => page.go(&page.href("/sign-in/code")),
        Err(error) => {
            let providers = offered(&page).await;
            page.form(view(&page, form.get("email"), providers), Some(&error))
        }
    }
}

fn view<'a>(page: &'a Page, email: &'a str, providers: Vec<IdentityProvider>) -> FormPage<'a> {
    let words = page.words;
    FormPage {
        fields: vec![Field::email(words, email), Field::password(words.password)],
        button: words.sign_in,
        links: vec![
            (page.href("/reset"), words.forgot),
            (page.href("/sign-up"), words.no_account),
        ],
        providers,
        ..FormPage::new(page, words.sign_in, words.sign_in_lead, "/sign-in")
    }
}

async fn sign_in(page: &Page, form: &Form) -> Result<SignedIn> {
    let store = &page.site.state.store;
    let email = email(form)?;
    let known = store.browser_is_known(&page.visit, &email).await?;
    page.site.throttle.password(&page.visit, &email, known)?;
    store
        .sign_in(&page.visit, &email, form.exact("password"))
        .await
}

/// The address in a form.
pub(crate) fn email(form: &Form) -> Result<EmailAddress> {
    form.get("email")
        .parse()
        .map_err(|error: Error| error.at("email"))
}

/// `POST /sign-out`
pub(crate) async fn sign_out(Posted { page, .. }: Posted) -> Response {
    // Whichever session this is: the cookie is taken away even if there is none.
    let ended = match &page.session {
        Some(session) => page.site.state.store.session_end(session, session.id).await,
        None => Ok(()),
    };
    if let Err(error) = ended {
        return page.failed(&error);
    }
    let mut response = page.go(&page.href("/sign-in"));
    if let Some(cookie) = Cookie::Session.unset(&page.place) {
        let headers = response.headers_mut();
        headers.append(axum::http::header::SET_COOKIE, cookie);
    }
    response
}
