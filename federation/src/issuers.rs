//! The questions to issuers.

use std::{error::Error as StdError, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use berth_model::{
    Clock, Error, ErrorCode, IdentityAnswer, IdentityAsk, IdentityClaims, IdentityClient,
    IdentityIssuers, Issuer, Result,
};
use berth_outbound::{Bounds, Names};
use openidconnect::{
    AuthType, AuthenticationFlow, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    core::{CoreClient, CoreClientAuthMethod, CoreResponseType},
};
use tokio::time::timeout;

use crate::{
    http_client::IssuerHttp,
    metadata::{Metadata, MetadataCache},
};

/// How issuers are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederationConfig {
    /// Where they may be.
    pub bounds: Bounds,
    /// Certificates (PEM) of authorities to trust beside the usual ones.
    pub ca_file: Option<PathBuf>,
    /// The longest time of a request. Signing in takes two to four of them.
    pub time_limit: Duration,
}

impl Default for FederationConfig {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            ca_file: None,
            time_limit: Duration::from_secs(5),
        }
    }
}

/// Issuers, asked over HTTP.
pub struct Issuers {
    pub(crate) http: IssuerHttp,
    pub(crate) cache: MetadataCache,
    pub(crate) clock: Arc<dyn Clock>,
    /// For all requests of a question.
    time_limit: Duration,
}

/// Berth towards an issuer.
pub(crate) type Party = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Issuers {
    /// By these names.
    pub fn new(
        config: &FederationConfig,
        names: Arc<dyn Names>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        Ok(Self {
            http: IssuerHttp::new(config, names)?,
            cache: MetadataCache::new(Arc::clone(&clock)),
            clock,
            time_limit: config.time_limit * 3,
        })
    }

    async fn limited<T>(&self, question: impl Future<Output = Result<T>>) -> Result<T> {
        let answered = timeout(self.time_limit, question).await;
        answered.unwrap_or_else(|elapsed| Err(unavailable(elapsed)))
    }

    async fn url(&self, client: &IdentityClient, ask: &IdentityAsk) -> Result<String> {
        let known = self.cache.get(&self.http, &client.issuer).await?;
        let party = party(&known.metadata, client, ask)?;
        let verifier = PkceCodeVerifier::new(ask.verifier.clone());
        let (state, nonce) = (ask.state.clone(), ask.nonce.clone());
        let (url, _, _) = party
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        if !self.http.allows(&url) {
            return Err(unavailable("its authorisation endpoint is no place to go"));
        }
        Ok(url.into())
    }
}

#[async_trait]
impl IdentityIssuers for Issuers {
    async fn check(&self, issuer: &str) -> Result<Issuer> {
        let issuer = Issuer::parse(issuer, self.http.bounds().reach)?;
        let read = self.limited(self.cache.read(&self.http, issuer.as_str()));
        match read.await {
            Ok(_) => Ok(issuer),
            // In the same words whatever it is: what stands at an address is nobody's business.
            Err(error) => Err(Error::invalid(
                "issuer",
                "No OpenID provider of exactly this name answers there. Check the URL, and that the \
                 whole Internet reaches it.",
            )
            .because(error.cause_text())),
        }
    }

    async fn ask(&self, client: &IdentityClient, ask: &IdentityAsk) -> Result<String> {
        self.limited(self.url(client, ask)).await
    }

    async fn claims(
        &self,
        client: &IdentityClient,
        ask: &IdentityAsk,
        answer: &IdentityAnswer,
    ) -> Result<IdentityClaims> {
        self.limited(self.vouched(client, ask, answer)).await
    }
}

/// Berth as the issuer knows it.
pub(crate) fn party(
    metadata: &Metadata,
    client: &IdentityClient,
    ask: &IdentityAsk,
) -> Result<Party> {
    let redirect = RedirectUrl::new(ask.redirect_uri.clone()).map_err(Error::internal)?;
    // Left out it means client_secret_basic (Discovery section 3).
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| methods.is_none_or(|all| all.contains(&method));
    let auth = match takes(CoreClientAuthMethod::ClientSecretBasic) {
        true => AuthType::BasicAuth,
        false => AuthType::RequestBody,
    };
    let party = CoreClient::from_provider_metadata(
        metadata.clone(),
        ClientId::new(client.client_id.clone()),
        Some(ClientSecret::new(client.client_secret.clone())),
    );
    Ok(party.set_redirect_uri(redirect).set_auth_type(auth))
}

/// The issuer doesn't answer, or not as it should.
pub(crate) fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    let text = "The identity provider doesn't answer now. Try again in a minute.";
    Error::new(ErrorCode::Unavailable, text)
        .at("identity")
        .because(cause)
}

/// What it answered proves nothing.
pub(crate) fn refused(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    let text = "The identity provider's answer proves nothing. Start again.";
    Error::new(ErrorCode::IdentityRefused, text)
        .at("identity")
        .because(cause)
}
