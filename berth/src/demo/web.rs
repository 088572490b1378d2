//! A deployment at its address: names don't lead to it yet, so the Host header says which one is
//! meant.

use std::time::Duration;

use reqwest::{Method, StatusCode, header::HOST};
use serde_json::Value;

use crate::failure::{Exit, Failure};

/// For an answer. Under software emulation the first ones are slow.
const TIME_LIMIT: Duration = Duration::from_secs(60);
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
        let message = format!("{}{path} answers {status} instead of 200", target.base);
        return Err(Failure::new(Exit::Application, message));
    }
    let shown: String = body.trim().chars().take(SHOWN).collect();
    Ok(format!(
        "GET {path} with Host: {}\n{shown}",
        target.domain_name
    ))
}
