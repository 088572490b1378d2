//! The HTTP client.

use std::{path::Path, path::PathBuf, sync::Arc, time::Duration};

use berth_model::{Error, Result};
use reqwest::{Certificate, Client, redirect::Policy};

use crate::{Bounds, Names, names::CheckedNames};

/// What a client may.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Where it may go.
    pub bounds: Arc<Bounds>,
    /// Certificates (PEM) of authorities to trust beside the usual ones.
    pub ca_file: Option<PathBuf>,
    /// The longest time of a request, from the name's resolution to the end of the answer.
    pub time_limit: Duration,
}

/// A client that connects to checked addresses alone. An address in a URL itself never comes by the
/// resolver: whoever sends looks at it with [`Bounds::check`].
pub fn client(config: &ClientConfig, names: Arc<dyn Names>) -> Result<Client> {
    let resolver = CheckedNames {
        names,
        bounds: Arc::clone(&config.bounds),
    };
    let mut builder = Client::builder();
    if let Some(file) = &config.ca_file {
        for certificate in certificates(file)? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder
        .dns_resolver(Arc::new(resolver))
        // A redirect would lead where nobody checked.
        .redirect(Policy::none())
        // A proxy would connect in our place, to what it likes.
        .no_proxy()
        .timeout(config.time_limit)
        .connect_timeout(config.time_limit / 2)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("Berth/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Error::internal)
}

fn certificates(file: &Path) -> Result<Vec<Certificate>> {
    let failed = |cause: String| Error::internal(format!("{}: {cause}", file.display()));
    let pem = std::fs::read(file).map_err(|cause| failed(cause.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|cause| failed(cause.to_string()))?;
    if found.is_empty() {
        return Err(failed("it holds no certificate".to_owned()));
    }
    Ok(found)
}
