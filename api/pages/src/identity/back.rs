//! Back from an identity provider.

use axum::{
    extract::{FromRequestParts, Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use berth_model::{
    Error, ErrorCode, IdentityAnswer, IdentityOutcome, IdentityProviderId, IdentityTrip, Result,
    SignedIn,
};
use std::{collections::HashMap, sync::Arc};

use super::redirect_uri;
use crate::{Site, page::Page, request::Parameters};

/// `GET /identity/callback/{provider}`. A link from elsewhere: nothing in it is believed but a state
/// that this browser was given.
pub(crate) async fn callback(State(site): State<Arc<Site>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let path: Path<HashMap<String, String>> =
        match Path::from_request_parts(&mut parts, &site).await {
            Ok(path) => path,
            Err(rejection) => return rejection.into_response(),
        };
    let mut page = match Page::from_request_parts(&mut parts, &site).await {
        Ok(page) => page,
        Err(response) => return response,
    };
    let answer = std::mem::take(&mut page.query);
    let id = path.get("provider").and_then(|id| id.parse().ok());
    match returned(&mut page, id, &answer).await {
        Ok(IdentityOutcome::SignedIn(SignedIn::Done(cookies))) => page.go_on_signed_in(&cookies),
        Ok(IdentityOutcome::SignedIn(SignedIn::SecondFactor)) => {
            page.go(&page.href("/sign-in/code"))
        }
        Ok(IdentityOutcome::Pending) => page.go(&page.href("/identity")),
        Err(error) => page.failed_link(&error),
    }
}

async fn returned(
    page: &mut Page,
    id: Option<IdentityProviderId>,
    answer: &str,
) -> Result<IdentityOutcome> {
    page.site.throttle.address(&page.visit)?;
    let id = id.ok_or_else(|| Error::not_found("page"))?;
    let wrong = || Error::invalid("identity", "A parameter comes twice, or is missing.");
    let parameters = Parameters::read(answer).ok_or_else(wrong)?;
    let state = parameters.get("state").ok_or_else(wrong)?;
    let uri = redirect_uri(page, id);
    let (store, issuers) = (&page.site.state.store, &page.site.state.issuers);
    let trip: IdentityTrip = store
        .identity_trip_back(&page.visit, id, state, &uri)
        .await?;
    // From here on where the browser goes is what it began with.
    page.query.clone_from(&trip.query);
    let Some(code) = parameters.get("code") else {
        let denied = parameters.get("error").unwrap_or_default() == "access_denied";
        let code = if denied {
            ErrorCode::Cancelled
        } else {
            ErrorCode::IdentityRefused
        };
        return Err(Error::new(code, "The identity provider refused.").at("identity"));
    };
    let answer = IdentityAnswer {
        code: code.to_owned(),
        iss: parameters.get("iss").map(str::to_owned),
    };
    let claims = issuers.claims(&trip.client, &trip.ask, &answer).await?;
    store.identity_trip_end(&page.visit, &trip, &claims).await
}

impl Page {
    /// What went wrong on the way back, and the way to begin again.
    pub(super) fn failed_link(&self, error: &Error) -> Response {
        crate::page::log(error);
        if matches!(error.code(), ErrorCode::IdentityRefused) {
            tracing::warn!(
                cause = error.cause_text(),
                "an identity provider's answer was refused"
            );
        }
        let page = crate::view::Problem {
            frame: self.frame(self.words.error_title),
            text: self.words.error(error, self.locale),
            link: Some((self.href("/sign-in"), self.words.code_again)),
        };
        let status = match crate::page::status(error) {
            StatusCode::INTERNAL_SERVER_ERROR => StatusCode::INTERNAL_SERVER_ERROR,
            StatusCode::SERVICE_UNAVAILABLE => StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::TOO_MANY_REQUESTS => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        };
        self.html(status, &page, "")
    }
}
