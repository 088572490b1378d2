//! What every page has: a place, a reader with a language, a browser, perhaps a session.

use std::{borrow::Cow, net::SocketAddr, sync::Arc};

use askama::Template;
use axum::{
    extract::{ConnectInfo, FromRequestParts, RawPathParams},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
            REFERRER_POLICY, SET_COOKIE, USER_AGENT, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use berth_model::{Error, ErrorCode, Locale, Result, Session, SessionCookies, StorefrontId, Visit};
use sha2::{Digest, Sha256};

use crate::{
    Site,
    cookie::Cookie,
    place::Place,
    view::{Frame, Problem},
    words::Words,
};

/// A page that was asked for.
pub(crate) struct Page {
    /// The pages that it is one of.
    pub site: Arc<Site>,
    /// Whose.
    pub place: Place,
    /// In which language.
    pub locale: Locale,
    /// What it says.
    pub words: &'static Words,
    /// By which browser.
    pub visit: Visit,
    /// Who is signed in there.
    pub session: Option<Session>,
    /// The query, as it came.
    pub query: String,
    /// Whether the browser came without a cookie of its own and is given one.
    is_new: bool,
}

impl Page {
    /// Of a request to `storefront`'s pages.
    pub async fn open(
        site: Arc<Site>,
        parts: &Parts,
        storefront: Option<StorefrontId>,
    ) -> Result<Self> {
        let place = Place::find(&site, &parts.headers, storefront).await?;
        let known = Cookie::Browser.read(&place, &parts.headers);
        let is_new = known.is_none();
        let visit = Visit {
            realm: place.realm,
            browser: known.unwrap_or_else(|| fresh(&site)),
            remote: remote(parts),
            user_agent: header(&parts.headers, USER_AGENT),
        };
        let session = match Cookie::Session.read(&place, &parts.headers) {
            Some(token) => site.state.store.session_get(&visit, &token).await?,
            None => None,
        };
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let locale = chosen(&query, session.as_ref(), &parts.headers).unwrap_or(place.locale);
        Ok(Self {
            site,
            locale,
            words: Words::of(locale),
            place,
            visit,
            session,
            query,
            is_new,
        })
    }

    /// Who is signed in.
    pub fn signed_in(&self) -> Result<&Session> {
        self.session.as_ref().ok_or_else(|| {
            Error::new(
                ErrorCode::Unauthenticated,
                "You are signed out. Sign in again.",
            )
        })
    }

    /// What a form must bring back: only a page that this browser was shown knows it.
    pub fn csrf(&self) -> String {
        let digest = Sha256::new_with_prefix(b"form of ")
            .chain_update(self.visit.browser.as_bytes())
            .finalize();
        BASE64_URL_SAFE_NO_PAD.encode(digest)
    }

    /// A path of this place, with the query that goes along from page to page.
    pub fn href(&self, path: &str) -> String {
        let base = &self.place.base;
        if self.query.is_empty() {
            format!("{base}{path}")
        } else {
            format!("{base}{path}?{}", self.query)
        }
    }

    /// Sends the browser on with a GET (RFC 9110 section 15.4.4).
    pub fn go(&self, to: &str) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        if let Ok(value) = HeaderValue::from_str(to) {
            response.headers_mut().insert(LOCATION, value);
        }
        self.dress(response, "'self'")
    }

    /// Where somebody goes who has signed in: back to the authorisation request, or to their account.
    pub fn go_on(&self) -> Response {
        if self.query.contains("client_id=") {
            self.go(&format!("{}?{}", crate::AUTHORIZE, self.query))
        } else {
            self.go(&self.href("/account"))
        }
    }

    /// The same, with the cookies of a new session.
    pub fn go_on_signed_in(&self, cookies: &SessionCookies) -> Response {
        let mut response = self.go_on();
        let headers = response.headers_mut();
        headers.remove(SET_COOKIE);
        let new = [
            Cookie::Session.set(&self.place, &cookies.session),
            Cookie::Browser.set(&self.place, &cookies.browser),
        ];
        for cookie in new.into_iter().flatten() {
            headers.append(SET_COOKIE, cookie);
        }
        response
    }

    /// What the frame of every page shows.
    pub fn frame(&self, title: &'static str) -> Frame<'_> {
        Frame::of(self, title)
    }

    /// A page. `targets`: where its forms may lead beside here.
    pub fn html(&self, status: StatusCode, page: &impl Template, targets: &str) -> Response {
        let text = match page.render() {
            Ok(text) => text,
            Err(cause) => {
                tracing::error!(%cause, "a page could not be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let response = (status, text).into_response();
        self.dress(response, &format!("'self' {targets}"))
    }

    /// The page that only tells what went wrong.
    pub fn problem(&self, status: StatusCode, text: impl Into<Cow<'static, str>>) -> Response {
        let page = Problem {
            frame: self.frame(self.words.error_title),
            text: text.into(),
            link: None,
        };
        self.html(status, &page, "")
    }

    /// An error in the page's language.
    pub fn told(&self, error: &Error) -> Cow<'static, str> {
        self.words.error(error, self.locale)
    }

    /// The same of an error.
    pub fn failed(&self, error: &Error) -> Response {
        log(error);
        self.problem(status(error), self.told(error))
    }

    /// Headers that every answer has.
    fn dress(&self, mut response: Response, form_action: &str) -> Response {
        let images = self.place.brand.logo_url.as_deref().map_or("", origin);
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src 'self' data: {images}; \
             form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
        );
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        let fixed: [(HeaderName, &'static str); 5] = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            // Not `no-referrer`: then browsers wouldn't tell the origin of a form either.
            (REFERRER_POLICY, "same-origin"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.is_new
            && let Some(cookie) = Cookie::Browser.set(&self.place, &self.visit.browser)
        {
            headers.append(SET_COOKIE, cookie);
        }
        response
    }
}

impl FromRequestParts<Arc<Site>> for Page {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<Site>,
    ) -> std::result::Result<Self, Response> {
        let parameters = RawPathParams::from_request_parts(parts, site).await;
        let parameters = parameters.map_err(IntoResponse::into_response)?;
        let mut named = parameters.iter();
        let given = named.find_map(|(name, value)| (name == "storefront").then_some(value));
        let storefront = given.map(str::parse).transpose();
        let storefront = storefront.map_err(|_| StatusCode::NOT_FOUND.into_response())?;
        Self::open(Arc::clone(site), parts, storefront)
            .await
            .map_err(|error| bare(&error))
    }
}

/// Before it is known whose page it is, there is nothing but the status and a line.
pub(crate) fn bare(error: &Error) -> Response {
    log(error);
    let text = Words::of(Locale::En).error(error, Locale::En);
    (status(error), text.into_owned()).into_response()
}

/// The HTTP status of an error.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error.code() {
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Throttled => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Writes down what a reader isn't told.
pub(crate) fn log(error: &Error) {
    match error.code() {
        ErrorCode::Internal => tracing::error!(cause = error.cause_text(), "internal error"),
        ErrorCode::Unavailable => tracing::warn!(cause = error.cause_text(), "unavailable"),
        _ => {}
    }
}

/// Asked for, else the account's, else the browser's.
fn chosen(query: &str, session: Option<&Session>, headers: &HeaderMap) -> Option<Locale> {
    let asked = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "ui_locales")
        .and_then(|(_, tags)| tags.split(' ').find_map(Locale::of_tag));
    let own = || session.and_then(|session| session.account.locale);
    let accepted = || Locale::accepted(&header(headers, ACCEPT_LANGUAGE)?);
    asked.or_else(own).or_else(accepted)
}

fn fresh(site: &Site) -> String {
    let bytes = site.state.ids.bytes::<32>();
    format!("bb_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn remote(parts: &Parts) -> Option<String> {
    let ConnectInfo(address) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(address.ip().to_canonical().to_string())
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// Scheme and host of an `https` URL.
fn origin(url: &str) -> &str {
    let end = url
        .char_indices()
        .skip("https://".len())
        .find(|(_, letter)| matches!(letter, '/' | '?' | '#'));
    end.map_or(url, |(at, _)| &url[..at])
}
