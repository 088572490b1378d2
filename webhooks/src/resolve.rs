//! Where a URL leads when it is saved.

use std::sync::Arc;

use async_trait::async_trait;
use berth_model::{Error, ErrorCode, Result, WebhookDestinations, WebhookUrl};
use berth_outbound::{Bounds, Names, Outside, Unreachable, checked};

/// Looks where a URL leads when it is saved.
pub struct Destinations {
    names: Arc<dyn Names>,
    bounds: Bounds,
}

impl std::fmt::Debug for Destinations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Destinations")
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl Destinations {
    /// By these names, within these bounds.
    #[must_use]
    pub fn new(names: Arc<dyn Names>, bounds: impl Into<Bounds>) -> Self {
        let bounds = bounds.into();
        Self { names, bounds }
    }
}

/// Reads a URL; an address in it must be one that webhooks may be sent to.
pub(crate) fn parse(bounds: &Bounds, text: &str) -> Result<WebhookUrl> {
    let url = WebhookUrl::parse(text, bounds.reach)?;
    match url.address().map(|address| bounds.check(address)) {
        Some(Err(outside)) => Err(refusal(outside)),
        Some(Ok(())) | None => Ok(url),
    }
}

fn refusal(outside: Outside) -> Error {
    match outside {
        Outside::NotPublic => WebhookUrl::refusal(),
        Outside::Denied => Error::invalid(
            "url",
            "It leads to an address that the provider keeps webhooks from. Give another.",
        ),
    }
}

#[async_trait]
impl WebhookDestinations for Destinations {
    async fn check(&self, url: &str) -> Result<WebhookUrl> {
        let url = parse(&self.bounds, url)?;
        let Some((name, _)) = url.name() else {
            return Ok(url);
        };
        match checked(&*self.names, &self.bounds, &name).await {
            Ok(_) => Ok(url),
            Err(Unreachable::Outside(outside)) => Err(refusal(outside)),
            Err(Unreachable::Unknown(cause)) => Err(Error::new(
                ErrorCode::InvalidInput,
                "Its host's name can't be resolved. Check it, and that it is known to the world.",
            )
            .at("url")
            .because(cause)),
        }
    }
}
