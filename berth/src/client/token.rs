//! Access tokens: fetched when needed, kept until shortly before they expire.

use std::time::Duration;

use oauth2::{
    ClientId, ClientSecret, EndpointNotSet, EndpointSet, TokenResponse, TokenUrl,
    basic::BasicClient,
};
use tokio::{sync::Mutex, time::Instant};

use crate::failure::{Exit, Failure};

/// A token is not used in its last minute: a request takes time too.
const MARGIN: Duration = Duration::from_secs(60);

type Endpoint =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Where tokens come from.
pub(super) struct Tokens {
    endpoint: Endpoint,
    http: reqwest::Client,
    current: Mutex<Option<(String, Instant)>>,
}

impl Tokens {
    pub(super) fn new(
        http: reqwest::Client,
        url: &str,
        client_id: &str,
        secret: &str,
    ) -> Result<Self, Failure> {
        let url = TokenUrl::new(format!("{url}/oauth/token"))
            .map_err(|cause| format!("{url} is not a web address: {cause}"))?;
        let endpoint = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_client_secret(ClientSecret::new(secret.to_owned()))
            .set_token_uri(url);
        Ok(Self {
            endpoint,
            http,
            current: Mutex::new(None),
        })
    }

    /// A token that holds for a minute at least.
    pub(super) async fn get(&self) -> Result<String, Failure> {
        let mut current = self.current.lock().await;
        if let Some((token, until)) = &*current
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let answer = self
            .endpoint
            .exchange_client_credentials()
            .request_async(&self.http)
            .await
            .map_err(|error| refused(&error))?;
        let token = answer.access_token().secret().clone();
        let lasts = answer
            .expires_in()
            .unwrap_or(MARGIN * 2)
            .saturating_sub(MARGIN);
        *current = Some((token.clone(), Instant::now() + lasts));
        Ok(token)
    }

    /// Forgets the token: it was refused.
    pub(super) async fn forget(&self) {
        *self.current.lock().await = None;
    }
}

type TokenError = oauth2::RequestTokenError<
    oauth2::HttpClientError<reqwest::Error>,
    oauth2::basic::BasicErrorResponse,
>;

fn refused(error: &TokenError) -> Failure {
    match error {
        oauth2::RequestTokenError::ServerResponse(answer) => Failure::new(
            Exit::Refused,
            format!("the API gave no token ({answer}); are client id and secret right?"),
        ),
        oauth2::RequestTokenError::Request(cause) => Failure::new(
            Exit::Unreachable,
            format!(
                "the API can't be reached ({}); is `berth serve` running?",
                causes(cause)
            ),
        ),
        other => Failure::new(
            Exit::Unreachable,
            format!("the token endpoint did not answer well: {other}"),
        ),
    }
}

/// An error with all of its causes.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
