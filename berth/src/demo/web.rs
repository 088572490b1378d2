//! A deployment at its address: names don't lead to it yet, so the Host header says which one is
//! meant.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode, header::HOST};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    failure::{Exit, Failure},
    output,
};

/// For an answer. Under software emulation the first ones are slow.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// For a guest that starts again, after `make stop` and `make run`.
const START_LIMIT: Duration = Duration::from_secs(600);
/// Between two questions to such a guest.
const PAUSE: Duration = Duration::from_secs(1);
/// What is shown of an answer, in characters.
const SHOWN: usize = 200;

/// A deployment's HTTP side.
pub(super) struct Target {
    http: reqwest::Client,
    base: String,
    domain_name: String,
}

impl Target {
    pub(super) fn new(address: &str, port: u16, domain_name: &str) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .timeout(TIME_LIMIT)
            .no_proxy()
            .build();
        let http = http.map_err(|cause| cause.to_string())?;
        let base = format!("http://{address}:{port}");
        Ok(Self {
            http,
            base,
            domain_name: domain_name.to_owned(),
        })
    }

    /// Waits until it is healthy: it runs, but the computer that it runs on may have just come back.
    pub(super) async fn answers(&self, path: &str) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut is_told = false;
        loop {
            let failure = match self.ask(Method::GET, path, None, None).await {
                Ok((StatusCode::OK, _)) => return Ok(()),
                Ok((status, _)) => self.refused(path, status),
                Err(failure) => failure,
            };
            if begun.elapsed() > START_LIMIT {
                return Err(failure);
            }
            if !is_told {
                output::line("  waiting until it answers again");
                is_told = true;
            }
            sleep(PAUSE).await;
        }
    }

    fn refused(&self, path: &str, status: StatusCode) -> Failure {
        let message = format!("{}{path} answers {status} instead of 200", self.base);
        Failure::new(Exit::Application, message)
    }

    /// A request; any status is an answer.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, String), Failure> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header(HOST, &self.domain_name);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed = |cause: reqwest::Error| {
            Failure::new(
                Exit::Application,
                format!("{}{path} gives no answer: {cause}", self.base),
            )
        };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        Ok((status, answer.text().await.map_err(failed)?))
    }
}

/// Asks for a page and shows its beginning.
pub(super) async fn try_out(target: &Target, path: &str) -> Result<String, Failure> {
    let (status, body) = target.ask(Method::GET, path, None, None).await?;
    if status != StatusCode::OK {
        return Err(target.refused(path, status));
    }
    let shown: String = body.trim().chars().take(SHOWN).collect();
    Ok(format!(
        "GET {path} with Host: {}\n{shown}",
        target.domain_name
    ))
}
