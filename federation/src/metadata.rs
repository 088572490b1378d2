//! What issuers say of themselves (OpenID Connect Discovery 1.0), and the keys that they sign with.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use berth_model::{Clock, Result, Timestamp};
use chrono::TimeDelta;
use openidconnect::{
    AdditionalProviderMetadata, IssuerUrl, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};

use crate::{http_client::IssuerHttp, issuers::unavailable};

/// How long it is taken to be so.
const MINUTES: i64 = 10;

/// Younger than this it is not asked for again because a key is unknown: else whoever makes up tokens
/// makes us ask.
const AGAIN_SECONDS: i64 = 30;

/// Issuers kept at most.
const ISSUERS: usize = 500;

/// What RFC 9207 section 3 adds.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct More {
    /// Whether each answer says whose it is.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

/// What an issuer says of itself.
pub(crate) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// When it was said, and what.
#[derive(Clone)]
pub(crate) struct Known {
    at: Timestamp,
    pub(crate) metadata: Arc<Metadata>,
}

/// What issuers said lately.
pub(crate) struct MetadataCache {
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<String, Known>>,
}

impl MetadataCache {
    /// Nothing yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Mutex::default(),
        }
    }

    /// What the issuer says, now or lately. `UNAVAILABLE`.
    pub(crate) async fn get(&self, http: &IssuerHttp, issuer: &str) -> Result<Known> {
        let kept = self.lock().get(issuer).cloned();
        match kept {
            Some(kept) if self.age(&kept) < TimeDelta::minutes(MINUTES) => Ok(kept),
            _ => self.read(http, issuer).await,
        }
    }

    /// The same after a token by an unknown key; nothing if it was asked a moment ago.
    pub(crate) async fn again(
        &self,
        http: &IssuerHttp,
        issuer: &str,
        before: &Known,
    ) -> Result<Option<Known>> {
        if self.age(before) < TimeDelta::seconds(AGAIN_SECONDS) {
            return Ok(None);
        }
        self.read(http, issuer).await.map(Some)
    }

    /// Asks the issuer. That it calls itself so, to the letter, is looked at there.
    pub(crate) async fn read(&self, http: &IssuerHttp, issuer: &str) -> Result<Known> {
        let url = IssuerUrl::new(issuer.to_owned()).map_err(unavailable)?;
        let metadata = Metadata::discover_async(url, http);
        let known = Known {
            metadata: Arc::new(metadata.await.map_err(unavailable)?),
            at: self.clock.now(),
        };
        let mut all = self.lock();
        if all.len() >= ISSUERS && !all.contains_key(issuer) {
            let oldest = all.iter().min_by_key(|(_, known)| known.at);
            if let Some(oldest) = oldest.map(|(issuer, _)| issuer.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert(issuer.to_owned(), known.clone());
        Ok(known)
    }

    fn age(&self, known: &Known) -> TimeDelta {
        self.clock.now() - known.at
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Known>> {
        // What another thread left half done is one entry, whole or absent.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
