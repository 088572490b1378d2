//! A lost password.

use axum::response::Response;
use berth_model::{Result, SignedIn};

use crate::{
    form::{Form, Posted},
    page::Page,
    sign_in::email,
    view::{Field, FormPage},
};

/// `GET /reset`
pub(crate) async fn show(page: Page) -> Response {
    page.form(view(&page, &Form::default()), None)
}

/// `POST /reset`
pub(crate) async fn submit(Posted { page, form }: Posted) -> Response {
    match begin(&page, &form).await {
        Ok(()) => page.go(&page.href("/reset/code")),
        Err(error) => page.form(view(&page, &form), Some(&error)),
    }
}

/// `GET /reset/code`
pub(crate) async fn code(page: Page) -> Response {
    page.form(code_view(&page), None)
}

/// `POST /reset/code`
pub(crate) async fn finish(Posted { page, form }: Posted) -> Response {
    match prove(&page, &form).await {
        Ok(SignedIn::Done(cookies)) => page.go_on_signed_in(&cookies),
        Ok(SignedIn::SecondFactor) => page.go(&page.href("/sign-in/code")),
        Err(error) => page.form(code_view(&page), Some(&error)),
    }
}

fn view<'a>(page: &'a Page, form: &'a Form) -> FormPage<'a> {
    let words = page.words;
    FormPage {
        fields: vec![
            Field::email(words, form.get("email")),
            Field::tick("recovery", words.reset_recovery),
        ],
        links: vec![(page.href("/sign-in"), words.cancel)],
        ..FormPage::new(page, words.reset_title, words.reset_lead, "/reset")
    }
}

fn code_view(page: &Page) -> FormPage<'_> {
    let words = page.words;
    FormPage {
        fields: vec![
            Field::code(words),
            Field::new_password(words.new_password, words),
        ],
        links: vec![(page.href("/reset"), words.code_again)],
        note: words.code_none,
        ..FormPage::new(
            page,
            words.reset_title,
            words.reset_finish_lead,
            "/reset/code",
        )
    }
}

async fn begin(page: &Page, form: &Form) -> Result<()> {
    let store = &page.site.state.store;
    let email = email(form)?;
    let known = store.browser_is_known(&page.visit, &email).await?;
    page.site.throttle.mail(&page.visit, &email, known)?;
    store
        .reset_begin(&page.visit, &email, form.is_ticked("recovery"))
        .await
}

async fn prove(page: &Page, form: &Form) -> Result<SignedIn> {
    page.site.throttle.address(&page.visit)?;
    let store = &page.site.state.store;
    store
        .reset_finish(&page.visit, form.get("code"), form.exact("password"))
        .await
}
