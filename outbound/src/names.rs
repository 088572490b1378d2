//! Where names lead.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;

use crate::{Bounds, Outside};

/// How long a name server may take.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What knows the addresses of names.
#[async_trait]
pub trait Names: Send + Sync {
    /// The addresses of a name; none is an error too.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The names that this machine knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Why a name can't be connected to.
#[derive(Debug)]
pub enum Unreachable {
    /// Nobody answered in time, or that there is no such name.
    Unknown(String),
    /// One of its addresses may not be reached.
    Outside(Outside),
}

impl std::fmt::Display for Unreachable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(cause) => write!(f, "The host's name can't be resolved: {cause}."),
            Self::Outside(Outside::NotPublic) => {
                f.write_str("The host's name leads to an address that is not public.")
            }
            Self::Outside(Outside::Denied) => f.write_str(
                "The host's name leads to an address that the provider sends nothing to.",
            ),
        }
    }
}

impl std::error::Error for Unreachable {}

/// The addresses of a name, if all of them may be reached. One that may not spoils the others: it is
/// no mistake that a good host makes.
pub async fn checked(
    names: &dyn Names,
    bounds: &Bounds,
    name: &str,
) -> Result<Vec<IpAddr>, Unreachable> {
    let found = match timeout(TIME_LIMIT, names.addresses(name)).await {
        Ok(Ok(found)) if !found.is_empty() => found,
        Ok(Ok(_)) => return Err(Unreachable::Unknown("it has no address".to_owned())),
        Ok(Err(cause)) => return Err(Unreachable::Unknown(cause.to_string())),
        Err(_) => return Err(Unreachable::Unknown("no answer in time".to_owned())),
    };
    for address in &found {
        bounds.check(*address).map_err(Unreachable::Outside)?;
    }
    Ok(found)
}

/// The resolver of the HTTP client. It gives checked addresses, and the client connects to what it
/// was given: there is no second lookup that could lead elsewhere.
pub(crate) struct CheckedNames {
    pub(crate) names: Arc<dyn Names>,
    pub(crate) bounds: Arc<Bounds>,
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, bounds) = (Arc::clone(&self.names), Arc::clone(&self.bounds));
        Box::pin(async move {
            let found = checked(&*names, &bounds, name.as_str()).await?;
            // Port 0: the client puts the URL's there.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
