//! From a code to whom it vouches for.

use berth_model::{
    EmailAddress, Error, IdentityAnswer, IdentityAsk, IdentityClaims, IdentityClient, Result,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClaimsVerificationError,
    EmptyAdditionalClaims, EndUserEmail, EndUserName, LocalizedClaim, Nonce, OAuth2TokenResponse,
    PkceCodeVerifier, RequestTokenError, TokenResponse, UserInfoClaims, UserInfoError,
    core::{
        CoreErrorResponseType, CoreGenderClaim, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
        CoreTokenResponse,
    },
};

use crate::{
    Issuers,
    http_client::Unanswered,
    issuers::{Party, party, refused, unavailable},
    metadata::Metadata,
};

/// The most characters of a subject (Core section 2).
const SUBJECT: usize = 255;

/// The most characters that are taken of a name.
const NAME: usize = 100;

/// Signatures that prove something: not those that are none, and not those by the client's secret.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

impl Issuers {
    /// Redeems the code, and reads whom the token is about.
    pub(crate) async fn vouched(
        &self,
        client: &IdentityClient,
        ask: &IdentityAsk,
        answer: &IdentityAnswer,
    ) -> Result<IdentityClaims> {
        let known = self.cache.get(&self.http, &client.issuer).await?;
        iss_check(&known.metadata, client, answer)?;
        let mut party = party(&known.metadata, client, ask)?;
        let redeemed = party
            .exchange_code(AuthorizationCode::new(answer.code.clone()))
            .map_err(unavailable)?
            .set_pkce_verifier(PkceCodeVerifier::new(ask.verifier.clone()))
            .request_async(&self.http);
        let tokens = redeemed.await.map_err(redeem_failed)?;
        let claims = match self.claims_of(&party, &tokens, client, ask) {
            Err(ClaimsVerificationError::SignatureVerification(cause)) => {
                // Keys change.
                let again = self.cache.again(&self.http, &client.issuer, &known).await?;
                let fresh = again.ok_or_else(|| refused(cause))?;
                party = crate::issuers::party(&fresh.metadata, client, ask)?;
                self.claims_of(&party, &tokens, client, ask)
            }
            other => other,
        };
        let claims = claims.map_err(refused)?;
        self.person(&party, tokens.access_token(), &claims).await
    }

    /// What the token says, once it is sure whose it is and for whom.
    fn claims_of(
        &self,
        party: &Party,
        tokens: &CoreTokenResponse,
        client: &IdentityClient,
        ask: &IdentityAsk,
    ) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
        let token = tokens.id_token().ok_or_else(|| {
            ClaimsVerificationError::Other("the answer has no ID token".to_owned())
        })?;
        let now = self.clock.now();
        let verifier = party
            .id_token_verifier()
            .set_allowed_algs(SIGNATURES)
            .set_time_fn(move || now);
        let claims = token.claims(&verifier, &Nonce::new(ask.nonce.clone()))?;
        let other = |text: String| ClaimsVerificationError::Other(text);
        // The library leaves this one to us (Core section 3.1.3.7, step 5).
        let party = claims.authorized_party();
        if party.is_some_and(|azp| azp.as_str() != client.client_id) {
            return Err(other("the token was issued to another client".to_owned()));
        }
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|e| other(e.to_string()))?;
            let key = token
                .signing_key(&verifier)
                .map_err(|e| other(e.to_string()))?;
            let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
                .map_err(|error| other(error.to_string()))?;
            if hash != *expected {
                return Err(other("the access token is another one".to_owned()));
            }
        }
        Ok(claims.clone())
    }

    /// Who it is. Many providers tell the address at the userinfo endpoint alone.
    async fn person(
        &self,
        party: &Party,
        token: &AccessToken,
        claims: &CoreIdTokenClaims,
    ) -> Result<IdentityClaims> {
        let subject = claims.subject();
        if !(1..=SUBJECT).contains(&subject.chars().count()) {
            return Err(refused("the subject is too long, or empty"));
        }
        let told = claims.email().is_some() && claims.email_verified().is_some();
        let mut address = email(claims.email(), claims.email_verified());
        let mut called = name(claims.name());
        let asked = party.user_info(token.clone(), Some(subject.clone())).ok();
        if let Some(request) = asked.filter(|_| !told) {
            let info: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> = request
                .request_async(&self.http)
                .await
                .map_err(info_failed)?;
            address = email(info.email(), info.email_verified());
            called = called.or_else(|| name(info.name()));
        }
        Ok(IdentityClaims {
            subject: subject.to_string(),
            email: address,
            name: called,
        })
    }
}

/// Whose answer it is, if the provider says that or should (RFC 9207 section 2.4): that of another
/// one, which the browser was sent to by the same storefront, must not be taken for it.
fn iss_check(metadata: &Metadata, client: &IdentityClient, answer: &IdentityAnswer) -> Result<()> {
    let more = metadata.additional_metadata();
    match &answer.iss {
        Some(iss) if *iss == client.issuer => Ok(()),
        Some(_) => Err(refused("the answer is another issuer's")),
        None if more.authorization_response_iss_parameter_supported => {
            Err(refused("the answer doesn't say whose it is"))
        }
        None => Ok(()),
    }
}

fn redeem_failed(
    error: RequestTokenError<
        Unanswered,
        openidconnect::StandardErrorResponse<CoreErrorResponseType>,
    >,
) -> Error {
    match error {
        RequestTokenError::Request(cause) => unavailable(cause),
        // Its description is the issuer's to write: it stays out, also of logs.
        RequestTokenError::ServerResponse(answer) => {
            refused(format!("the code was refused: {}", answer.error()))
        }
        RequestTokenError::Parse(..) => refused("the token endpoint's answer can't be read"),
        RequestTokenError::Other(_) => refused("the token endpoint's answer is none"),
    }
}

fn info_failed(error: UserInfoError<Unanswered>) -> Error {
    match error {
        UserInfoError::Request(cause) => unavailable(cause),
        UserInfoError::ClaimsVerification(cause) => refused(cause),
        _ => refused("the userinfo endpoint's answer can't be read"),
    }
}

/// The address, if it was verified, and is one.
fn email(email: Option<&EndUserEmail>, verified: Option<bool>) -> Option<EmailAddress> {
    email
        .filter(|_| verified == Some(true))?
        .as_str()
        .parse()
        .ok()
}

/// What they are called, as far as it fits.
fn name(names: Option<&LocalizedClaim<EndUserName>>) -> Option<String> {
    let name = names?.get(None)?.as_str();
    let plain = name.chars().filter(|letter| !letter.is_control());
    let name: String = plain.take(NAME).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
