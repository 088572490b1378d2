//! The authorisation endpoint (RFC 6749 section 3.1, OAuth 2.1 section 4.1).
//!
//! Until the client and its redirect URI are known to be right, what is wrong is told here and nobody
//! is sent anywhere. From then on it is told to the client.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use berth_model::{Client, Error, ErrorCode, RedirectUri, Result};

use crate::{
    Site,
    consent::{Choice, Step, allowed, nothing_open, step},
    form::{Form, received},
    page::{Page, bare, log},
    request::{Asked, Parameters, Wrong, read, redirect_uri, state},
    words::Words,
};

/// An authorisation request that can be answered.
pub(crate) struct Authorization {
    /// Where it is shown.
    pub page: Page,
    /// Who asks.
    pub client: Client,
    /// Where the answer goes.
    pub redirect_uri: String,
    state: Option<String>,
}

impl Authorization {
    /// Sends the browser back to the client: with a code, or an error.
    fn answer(&self, pairs: &[(&str, &str)]) -> Response {
        let query = {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(pairs);
            if let Some(state) = &self.state {
                query.append_pair("state", state);
            }
            // Which server answers, against mix-ups (RFC 9207 section 2).
            query.append_pair("iss", &self.page.place.issuer);
            query.finish()
        };
        let joint = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        self.page
            .go(&format!("{}{joint}{query}", self.redirect_uri))
    }

    fn refused(&self, wrong: &Wrong) -> Response {
        self.answer(&[
            ("error", wrong.error),
            ("error_description", &wrong.description),
        ])
    }

    /// An error of ours, in the words that RFC 6749 section 4.1.2.1 has for it.
    fn failed(&self, error: &Error) -> Response {
        log(error);
        let code = match error.code() {
            ErrorCode::Unavailable | ErrorCode::Throttled => "temporarily_unavailable",
            ErrorCode::NotFound | ErrorCode::Forbidden => "access_denied",
            _ => "server_error",
        };
        self.refused(&Wrong::new(code, error.message()))
    }

    /// What a form on the consent page may lead to.
    fn target(&self) -> String {
        RedirectUri::source(&self.redirect_uri).unwrap_or_default()
    }
}

/// `GET /oauth/authorize`
pub(crate) async fn show(State(site): State<Arc<Site>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let (authorization, asked) = match open(site, &parts).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    match step(&authorization, &asked).await {
        Ok(Step::SignIn) => authorization.page.go(&authorization.page.href("/sign-in")),
        Ok(Step::Terms) => authorization.page.go(&authorization.page.href("/terms")),
        Ok(Step::Ask(view)) => {
            let targets = authorization.target();
            authorization.page.html(StatusCode::OK, &*view, &targets)
        }
        Ok(Step::Given(choice)) => give(&authorization, &asked, choice).await,
        Ok(Step::Not(wrong)) => authorization.refused(&wrong),
        Err(error) => authorization.failed(&error),
    }
}

/// `POST /oauth/authorize`: what somebody decided on the consent page.
pub(crate) async fn decide(State(site): State<Arc<Site>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (authorization, asked) = match open(site, &parts).await {
        Ok(opened) => opened,
        Err(response) => return *response,
    };
    let form = match received(&authorization.page, &parts.headers, body).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if authorization.page.session.is_none() {
        return authorization.page.go(&authorization.page.href("/sign-in"));
    }
    match chosen(&authorization, &asked, &form).await {
        Ok(Some(choice)) => give(&authorization, &asked, choice).await,
        Ok(None) => {
            let text = "The person didn't allow it.";
            authorization.refused(&Wrong::new("access_denied", text))
        }
        Err(error) => authorization.failed(&error),
    }
}

async fn chosen(
    authorization: &Authorization,
    asked: &Asked,
    form: &Form,
) -> Result<Option<Choice>> {
    if form.get("decision") != "allow" {
        return Ok(None);
    }
    let choice = match form.get("tenant") {
        "none" => Choice::Account,
        id => Choice::Tenant(id.parse().map_err(|_| Error::not_found("tenant"))?),
    };
    allowed(authorization, asked, choice).await.map(Some)
}

async fn give(authorization: &Authorization, asked: &Asked, choice: Choice) -> Response {
    match crate::consent::code(authorization, asked, choice).await {
        Ok(Some(code)) => authorization.answer(&[("code", &code)]),
        Ok(None) => authorization.refused(&nothing_open()),
        Err(error) => authorization.failed(&error),
    }
}

/// Reads a request as far as it says where its answer goes, and then the rest.
async fn open(
    site: Arc<Site>,
    parts: &Parts,
) -> std::result::Result<(Authorization, Asked), Box<Response>> {
    let here = |text: fn(&Words) -> &'static str, page: Page| {
        Box::new(page.problem(StatusCode::BAD_REQUEST, text(page.words)))
    };
    let query = parts.uri.query().unwrap_or_default();
    let parameters = Parameters::read(query);
    let id = parameters.as_ref().and_then(|all| all.get("client_id"));
    let client = match site.state.store.client_asking(id.unwrap_or_default()).await {
        Ok(client) => Some(client),
        Err(error) if error.code() == ErrorCode::NotFound => None,
        Err(error) => return Err(Box::new(bare(&error))),
    };
    let realm = client.as_ref().and_then(|client| client.acts_for.realm());
    let storefront = realm.and_then(|realm| realm.0);
    let opened = Page::open(site, parts, storefront).await;
    let page = opened.map_err(|error| Box::new(bare(&error)))?;
    let Some(parameters) = parameters else {
        return Err(here(|words| words.error_request, page));
    };
    // Of another host's storefront it is as if there were none.
    let Some(client) = client.filter(|_| realm == Some(page.place.realm)) else {
        return Err(here(|words| words.error_client, page));
    };
    let Some(uri) = redirect_uri(&parameters, &client) else {
        return Err(here(|words| words.error_redirect, page));
    };
    let authorization = Authorization {
        redirect_uri: uri.to_owned(),
        state: state(&parameters).map(str::to_owned),
        page,
        client,
    };
    match read(&parameters, &authorization.client) {
        Ok(asked) => Ok((authorization, asked)),
        Err(wrong) => Err(Box::new(authorization.refused(&wrong))),
    }
}
