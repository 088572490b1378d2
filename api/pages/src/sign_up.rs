//! Signing up.

use axum::response::Response;
use berth_model::{Error, IdentityProvider, Result, SessionCookies, SignUp};

use crate::{
    form::{Form, Posted},
    identity::offered,
    page::Page,
    sign_in::email,
    view::{Field, FormPage},
};

/// `GET /sign-up`
pub(crate) async fn show(page: Page) -> Response {
    let providers = offered(&page).await;
    page.form(view(&page, &Form::default(), providers), None)
}

/// `POST /sign-up`
pub(crate) async fn submit(Posted { page, form }: Posted) -> Response {
    match begin(&page, &form).await {
        Ok(()) => page.go(&page.href("/sign-up/code")),
        Err(error) => {
            let providers = offered(&page).await;
            page.form(view(&page, &form, providers), Some(&error))
        }
    }
}

/// `GET /sign-up/code`
pub(crate) async fn code(page: Page) -> Response {
    page.form(code_view(&page), None)
}

/// `POST /sign-up/code`
pub(crate) async fn finish(Posted { page, form }: Posted) -> Response {
    match prove(&page, &form).await {
        Ok(cookies) => page.go_on_signed_in(&cookies),
        Err(error) => page.form(code_view(&page), Some(&error)),
    }
}

fn view<'a>(page: &'a Page, form: &'a Form, providers: Vec<IdentityProvider>) -> FormPage<'a> {
    let words = page.words;
    let terms = page.place.brand.terms_version.as_ref();
    let terms = terms.map(|_| Field::tick("terms", words.terms_accept));
    FormPage {
        fields: [
            Field::name(words, form.get("name")),
            Field::email(words, form.get("email")),
            Field::new_password(words.password, words),
        ]
        .into_iter()
        .chain(terms)
        .collect(),
        links: vec![(page.href("/sign-in"), words.have_account)],
        providers,
        ..FormPage::new(page, words.sign_up, words.sign_up_lead, "/sign-up")
    }
}

fn code_view(page: &Page) -> FormPage<'_> {
    let words = page.words;
    FormPage {
        fields: vec![Field::code(words)],
        links: vec![(page.href("/sign-up"), words.code_again)],
        note: words.code_none,
        ..FormPage::new(page, words.code_title, words.code_lead, "/sign-up/code")
    }
}

async fn begin(page: &Page, form: &Form) -> Result<()> {
    let store = &page.site.state.store;
    let terms_version = page.place.brand.terms_version.clone();
    if terms_version.is_some() && !form.is_ticked("terms") {
        return Err(Error::invalid("terms", "The terms must be accepted."));
    }
    let sign_up = SignUp {
        email: email(form)?,
        name: form.get("name").to_owned(),
        password: form.exact("password").to_owned(),
        locale: page.locale,
        terms_version,
    };
    let known = store.browser_is_known(&page.visit, &sign_up.email).await?;
    page.site
        .throttle
        .mail(&page.visit, &sign_up.email, known)?;
    store.sign_up_begin(&page.visit, &sign_up).await
}

async fn prove(page: &Page, form: &Form) -> Result<SessionCookies> {
    page.site.throttle.address(&page.visit)?;
    let store = &page.site.state.store;
    store.sign_up_finish(&page.visit, form.get("code")).await
}
