//! HTTP towards issuers.

use std::{fmt, future::Future, net::IpAddr, pin::Pin, sync::Arc};

use berth_model::{Error, Result, is_reachable};
use berth_outbound::{Bounds, ClientConfig, Names, client};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::Client;
use tokio::sync::Semaphore;
use url::{Host, Url};

use crate::FederationConfig;

/// The longest answer, in bytes: key sets of large providers have some 10 KiB.
const ANSWER_MOST: usize = 256 << 10;

/// Requests at a time.
const REQUESTS: usize = 64;

/// What asks issuers.
pub(crate) struct IssuerHttp {
    client: Client,
    bounds: Arc<Bounds>,
    turns: Semaphore,
}

/// Why there is no answer. For the log.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The URL leads, or may lead, where nothing goes to.
    Outside,
    /// Too many requests are on their way.
    Busy,
    /// The answer is too long.
    TooLong,
    /// The request failed.
    Failed(reqwest::Error),
    /// The answer is none of HTTP.
    Malformed(http::Error),
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("the URL may not be asked"),
            Self::Busy => write!(f, "{REQUESTS} requests are on their way"),
            Self::TooLong => write!(f, "the answer has more than {ANSWER_MOST} bytes"),
            Self::Failed(_) => f.write_str("the request failed"),
            Self::Malformed(_) => f.write_str("the answer is malformed"),
        }
    }
}

impl std::error::Error for Unanswered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(cause) => Some(cause),
            Self::Malformed(cause) => Some(cause),
            Self::Outside | Self::Busy | Self::TooLong => None,
        }
    }
}

impl IssuerHttp {
    pub(crate) fn new(config: &FederationConfig, names: Arc<dyn Names>) -> Result<Self> {
        let bounds = Arc::new(config.bounds.clone());
        let client_config = ClientConfig {
            bounds: Arc::clone(&bounds),
            ca_file: config.ca_file.clone(),
            time_limit: config.time_limit,
        };
        Ok(Self {
            client: client(&client_config, names)?,
            bounds,
            turns: Semaphore::new(REQUESTS),
        })
    }

    /// Whether a URL may be asked: names are looked at when they are connected to, addresses here.
    pub(crate) fn allows(&self, url: &Url) -> bool {
        let address: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        let address = address.is_none_or(|address| self.bounds.check(address).is_ok());
        address && is_reachable(url, self.bounds.reach)
    }

    /// How far it reaches.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| Unanswered::Outside)?;
        if !self.allows(&url) {
            return Err(Unanswered::Outside);
        }
        let _turn = self.turns.try_acquire().map_err(|_| Unanswered::Busy)?;
        let request = reqwest::Request::try_from(request).map_err(Unanswered::Failed)?;
        let answered = self.client.execute(request).await;
        let mut answer = answered.map_err(Unanswered::Failed)?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(Unanswered::Failed)? {
            if body.len() + part.len() > ANSWER_MOST {
                return Err(Unanswered::TooLong);
            }
            body.extend_from_slice(&part);
        }
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers().clone();
        }
        response.body(body).map_err(Unanswered::Malformed)
    }
}

impl<'c> AsyncHttpClient<'c> for IssuerHttp {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

impl From<Unanswered> for Error {
    fn from(cause: Unanswered) -> Self {
        crate::issuers::unavailable(cause)
    }
}
