//! What the person decides about an identity that was proven: an account of it, or a link to the one
//! that they have. Nothing is linked before they said so.

use axum::response::Response;
use berth_model::{
    Error, ErrorCode, IdentityPending, IdentityStep, Result, SessionCookies, SignedIn,
};

use crate::{
    form::{Form, Posted},
    page::Page,
    view::{Field, FormPage},
};

/// `GET /identity`
pub(crate) async fn show(mut page: Page) -> Response {
    shown(&mut page, &Form::default(), None).await
}

/// The page, with what was wrong with its form.
async fn shown(page: &mut Page, form: &Form, error: Option<&Error>) -> Response {
    let store = &page.site.state.store;
    let pending = match store.identity_pending(&page.visit).await {
        Ok(pending) => pending,
        Err(error) => return page.failed_link(&error),
    };
    page.query.clone_from(&pending.query);
    let view = match pending.step {
        IdentityStep::SignUp => sign_up_view(page, &pending, form),
        IdentityStep::Password => password_view(page, &pending),
        IdentityStep::Mailbox => mailbox_view(page, &pending),
        IdentityStep::Confirm => confirm_view(page, &pending),
    };
    page.form(view, error)
}

/// Whom it is about, in a line.
fn about(pending: &IdentityPending) -> String {
    format!("{} · {}", pending.email, pending.provider)
}

fn sign_up_view<'a>(page: &'a Page, pending: &'a IdentityPending, form: &'a Form) -> FormPage<'a> {
    let words = page.words;
    let terms = page.place.brand.terms_version.as_ref();
    let terms = terms.map(|_| Field::tick("terms", words.terms_accept));
    let name = match form.get("name") {
        "" => pending.name.as_deref().unwrap_or_default(),
        typed => typed,
    };
    FormPage {
        fields: [Field::name(words, name)]
            .into_iter()
            .chain(terms)
            .collect(),
        button: words.sign_up,
        about: about(pending),
        links: vec![(page.href("/sign-in"), words.cancel)],
        ..FormPage::new(
            page,
            words.sign_up,
            words.identity_sign_up_lead,
            "/identity/sign-up",
        )
    }
}

fn password_view<'a>(page: &'a Page, pending: &IdentityPending) -> FormPage<'a> {
    let words = page.words;
    FormPage {
        fields: vec![Field::password(words.password)],
        button: words.identity_link,
        about: about(pending),
        links: vec![
            (page.href("/reset"), words.forgot),
            (page.href("/sign-in"), words.cancel),
        ],
        ..FormPage::new(
            page,
            words.identity_link_title,
            words.identity_password_lead,
            "/identity/password",
        )
    }
}

fn mailbox_view<'a>(page: &'a Page, pending: &IdentityPending) -> FormPage<'a> {
    let words = page.words;
    FormPage {
        button: words.identity_mail,
        about: about(pending),
        links: vec![(page.href("/sign-in"), words.cancel)],
        ..FormPage::new(
            page,
            words.identity_link_title,
            words.identity_mail_lead,
            "/identity/mail",
        )
    }
}

fn confirm_view<'a>(page: &'a Page, pending: &IdentityPending) -> FormPage<'a> {
    let words = page.words;
    FormPage {
        button: words.identity_link,
        about: about(pending),
        links: vec![(page.href("/account"), words.cancel)],
        ..FormPage::new(
            page,
            words.identity_link_title,
            words.identity_confirm_lead,
            "/account/identities/confirm",
        )
    }
}

fn code_view(page: &Page) -> FormPage<'_> {
    let words = page.words;
    FormPage {
        fields: vec![Field::code(words)],
        button: words.identity_link,
        links: vec![(page.href("/identity"), words.code_again)],
        ..FormPage::new(page, words.code_title, words.code_lead, "/identity/code")
    }
}

/// `POST /identity/sign-up`
pub(crate) async fn sign_up(Posted { mut page, form }: Posted) -> Response {
    match sign_up_do(&page, &form).await {
        Ok(cookies) => page.go_on_signed_in(&cookies),
        // Somebody made the account meanwhile: the page asks for it now.
        Err(error) if error.code() == ErrorCode::WrongState => page.go(&page.href("/identity")),
        Err(error) => shown(&mut page, &form, Some(&error)).await,
    }
}

async fn sign_up_do(page: &Page, form: &Form) -> Result<SessionCookies> {
    page.site.throttle.address(&page.visit)?;
    let terms_version = page.place.brand.terms_version.as_deref();
    if terms_version.is_some() && !form.is_ticked("terms") {
        return Err(Error::invalid("terms", "The terms must be accepted."));
    }
    let (store, name) = (&page.site.state.store, form.get("name"));
    store
        .identity_sign_up(&page.visit, name, page.locale, terms_version)
        .await
}

/// `POST /identity/password`
pub(crate) async fn password(Posted { mut page, form }: Posted) -> Response {
    match password_do(&page, &form).await {
        Ok(signed_in) => proven(&page, &signed_in),
        Err(error) => shown(&mut page, &form, Some(&error)).await,
    }
}

/// As often as at the sign-in, and counted with it.
async fn password_do(page: &Page, form: &Form) -> Result<SignedIn> {
    let store = &page.site.state.store;
    let email = store.identity_pending(&page.visit).await?.email;
    let known = store.browser_is_known(&page.visit, &email).await?;
    page.site.throttle.password(&page.visit, &email, known)?;
    store
        .identity_prove(&page.visit, form.exact("password"))
        .await
}

/// `POST /identity/mail`
pub(crate) async fn mail(Posted { mut page, form }: Posted) -> Response {
    match mail_do(&page).await {
        Ok(()) => page.go(&page.href("/identity/code")),
        Err(error) => shown(&mut page, &form, Some(&error)).await,
    }
}

async fn mail_do(page: &Page) -> Result<()> {
    let store = &page.site.state.store;
    let email = store.identity_pending(&page.visit).await?.email;
    let known = store.browser_is_known(&page.visit, &email).await?;
    page.site.throttle.mail(&page.visit, &email, known)?;
    store.identity_mail(&page.visit).await.map(drop)
}

/// `GET /identity/code`
pub(crate) async fn code(page: Page) -> Response {
    page.form(code_view(&page), None)
}

/// `POST /identity/code`
pub(crate) async fn code_submit(Posted { page, form }: Posted) -> Response {
    match code_do(&page, &form).await {
        Ok(signed_in) => proven(&page, &signed_in),
        Err(error) => page.form(code_view(&page), Some(&error)),
    }
}

async fn code_do(page: &Page, form: &Form) -> Result<SignedIn> {
    page.site.throttle.address(&page.visit)?;
    let store = &page.site.state.store;
    store
        .identity_prove_by_code(&page.visit, form.get("code"))
        .await
}

fn proven(page: &Page, signed_in: &SignedIn) -> Response {
    match signed_in {
        SignedIn::Done(cookies) => page.go_on_signed_in(cookies),
        SignedIn::SecondFactor => page.go(&page.href("/sign-in/code")),
    }
}
