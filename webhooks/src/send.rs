//! One attempt: a signed request, and what its answer means.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use berth_model::{Result, Timestamp};
use berth_outbound::{ClientConfig, Unreachable, client};
use berth_store::WebhookWork;
use reqwest::{Client, StatusCode};
use tokio::time::Instant;

use crate::{
    Bounds, CourierConfig, Names, resolve::parse, retry_after::retry_after, sign::signatures,
};

/// What of an answer is read, so that the connection can be used again. It is read for nothing else:
/// what an endpoint answers is kept nowhere.
const ANSWER_MOST: usize = 64 << 10;

/// What came of an attempt.
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    /// None when it went well.
    pub(crate) error: Option<String>,
    pub(crate) gone: bool,
    /// How long it asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) took: Duration,
}

/// What sends.
pub(crate) struct Sender {
    client: Client,
    bounds: Arc<Bounds>,
}

impl Sender {
    pub(crate) fn new(config: &CourierConfig, names: Arc<dyn Names>) -> Result<Self> {
        let bounds = Arc::new(config.bounds.clone());
        let client_config = ClientConfig {
            bounds: Arc::clone(&bounds),
            ca_file: config.ca_file.clone(),
            time_limit: config.time_limit,
        };
        let client = client(&client_config, names)?;
        Ok(Self { client, bounds })
    }

    /// Sends it, at `now`.
    pub(crate) async fn send(&self, work: &WebhookWork, now: Timestamp) -> Answer {
        let began = Instant::now();
        let answered = self.ask(work, now).await;
        let took = began.elapsed();
        let (status, error, retry_after) = match answered {
            Ok((status, retry_after)) => (Some(status), refusal(status), retry_after),
            Err(error) => (None, Some(error), None),
        };
        Answer {
            status: status.map(|status| status.as_u16()),
            error,
            gone: status == Some(StatusCode::GONE),
            retry_after,
            took,
        }
    }

    async fn ask(
        &self,
        work: &WebhookWork,
        now: Timestamp,
    ) -> Result<(StatusCode, Option<Duration>), String> {
        // Addresses themselves never come by the resolver: they are looked at here, each time.
        let url = parse(&self.bounds, &work.url);
        let url = url.map_err(|error| error.message().to_owned())?;
        let (id, timestamp) = (work.id.to_string(), now.timestamp());
        let signature = signatures(&work.secrets, &id, timestamp, &work.body)
            .ok_or("The delivery could not be signed: a mistake of ours.")?;
        let request = self
            .client
            .post(url.as_str())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(work.body.clone());
        let mut answer = request.send().await.map_err(|error| why(&error))?;
        let status = answer.status();
        let retry_after = retry_after(status, answer.headers(), now);
        let mut read = 0;
        // The status has said it all: an answer that is cut off or endless changes nothing.
        while let Ok(Some(part)) = answer.chunk().await {
            read += part.len();
            if read > ANSWER_MOST {
                break;
            }
        }
        Ok((status, retry_after))
    }
}

/// Why an answer is none that one wants; none for 200 to 299.
fn refusal(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    Some(if status.is_redirection() {
        format!("It answered {status}. Redirects are not followed: give the URL that it leads to.")
    } else {
        format!("It answered {status}.")
    })
}

/// Why there is no answer, without the URL, which may hold a secret.
fn why(error: &reqwest::Error) -> String {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    let mut deepest = String::new();
    while let Some(one) = cause {
        if let Some(unreachable) = one.downcast_ref::<Unreachable>() {
            return unreachable.to_string();
        }
        deepest = one.to_string();
        cause = one.source();
    }
    if error.is_timeout() {
        return "It did not answer in time.".to_owned();
    }
    if error.is_connect() {
        return format!("It can't be connected to: {deepest}.");
    }
    if StdError::source(error).is_none() {
        return "The request failed.".to_owned();
    }
    format!("The request failed: {deepest}.")
}
