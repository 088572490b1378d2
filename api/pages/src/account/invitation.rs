//! Becoming a member by the code of an invitation, and leaving a tenant.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use berth_model::{Error, Invited, MemberId, Result};

use super::{left, settled};
use crate::{
    form::{Form, Posted},
    page::Page,
    view::{Field, FormPage, Frame},
};

/// What somebody is asked, before they answer.
#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage<'a> {
    frame: Frame<'a>,
    invited: &'a Invited,
    email: &'a str,
    code: &'a str,
    action: String,
    back: String,
}

/// `GET /account/invitation`: asks for the code.
pub(super) async fn show(page: Page) -> Response {
    asked(&page, None)
}

/// `POST /account/invitation`: shows what the code is for.
pub(super) async fn find(Posted { page, form }: Posted) -> Response {
    match found(&page, &form).await {
        Ok(invited) => {
            let email = page.session.as_ref().map(|one| one.account.email.as_str());
            let view = InvitationPage {
                frame: page.frame(page.words.invitation),
                invited: &invited,
                email: email.unwrap_or_default(),
                code: form.get("code"),
                action: page.href("/account/invitation/answer"),
                back: page.href("/account"),
            };
            page.html(StatusCode::OK, &view, "")
        }
        Err(error) => asked(&page, Some(&error)),
    }
}

async fn found(page: &Page, form: &Form) -> Result<Invited> {
    let session = page.signed_in()?;
    page.site.throttle.address(&page.visit)?;
    let store = &page.site.state.store;
    store.invitation_find(session, form.get("code")).await
}

/// `POST /account/invitation/answer`
pub(super) async fn answer(Posted { page, form }: Posted) -> Response {
    match answered(&page, &form).await {
        Ok(()) => settled(&page, Ok(())).await,
        Err(error) => asked(&page, Some(&error)),
    }
}

async fn answered(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    page.site.throttle.address(&page.visit)?;
    let (store, code) = (&page.site.state.store, form.get("code"));
    match form.get("answer") {
        "accept" => store.invitation_accept(session, code).await.map(drop),
        "decline" => store.invitation_decline(session, code).await,
        _ => Err(Error::invalid("answer", "Accept or decline.")),
    }
}

/// `POST /account/tenants/leave`
pub(super) async fn leave(Posted { page, form }: Posted) -> Response {
    let done = leave_do(&page, &form).await;
    settled(&page, done).await
}

async fn leave_do(page: &Page, form: &Form) -> Result<()> {
    let session = page.signed_in()?;
    let id: MemberId = form.get("id").parse()?;
    page.site.state.store.membership_end(session, id).await
}

fn asked(page: &Page, error: Option<&Error>) -> Response {
    if let Err(error) = page.signed_in() {
        return left(page, &error);
    }
    let words = page.words;
    let form = FormPage {
        fields: vec![Field::code(words)],
        links: vec![(page.href("/account"), words.cancel)],
        ..FormPage::new(
            page,
            words.invitation,
            words.invitation_lead,
            "/account/invitation",
        )
    };
    page.form(form, error)
}
