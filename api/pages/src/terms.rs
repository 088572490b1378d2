//! New terms, for those who accepted older ones.

use axum::response::Response;
use berth_model::{Error, Result};

use crate::{
    form::{Form, Posted},
    page::Page,
    view::{Field, FormPage},
};

/// `GET /terms`
pub(crate) async fn show(page: Page) -> Response {
    page.form(view(&page), None)
}

/// `POST /terms`
pub(crate) async fn submit(Posted { page, form }: Posted) -> Response {
    match accept(&page, &form).await {
        Ok(()) => page.go_on(),
        Err(error) => page.form(view(&page), Some(&error)),
    }
}

fn view(page: &Page) -> FormPage<'_> {
    let words = page.words;
    FormPage {
        fields: vec![Field::tick("terms", words.terms_accept)],
        ..FormPage::new(page, words.terms, words.terms_new, "/terms")
    }
}

async fn accept(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    let Some(version) = &page.place.brand.terms_version else {
        return Ok(());
    };
    if !form.is_ticked("terms") {
        return Err(Error::invalid("terms", "The terms must be accepted."));
    }
    page.site.state.store.terms_accept(session, version).await
}
