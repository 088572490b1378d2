//! The second factor.

use axum::response::Response;
use berth_model::{Result, SessionCookies};

use crate::{
    form::{Form, Posted},
    page::Page,
    view::{Field, FormPage},
};

/// `GET /sign-in/code`
pub(crate) async fn show(page: Page) -> Response {
    page.form(view(&page), None)
}

/// `POST /sign-in/code`
pub(crate) async fn submit(Posted { page, form }: Posted) -> Response {
    match prove(&page, &form).await {
        Ok(cookies) => page.go_on_signed_in(&cookies),
        Err(error) => page.form(view(&page), Some(&error)),
    }
}

fn view(page: &Page) -> FormPage<'_> {
    let words = page.words;
    FormPage {
        fields: vec![Field::code(words)],
        button: words.sign_in,
        links: vec![(page.href("/sign-in"), words.code_again)],
        note: words.second_recovery,
        ..FormPage::new(page, words.second_title, words.second_lead, "/sign-in/code")
    }
}

async fn prove(page: &Page, form: &Form) -> Result<SessionCookies> {
    page.site.throttle.address(&page.visit)?;
    let store = &page.site.state.store;
    store.second_factor(&page.visit, form.get("code")).await
}
