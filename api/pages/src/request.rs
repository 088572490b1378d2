//! An authorisation request (RFC 6749 section 4.1.1, RFC 7636 section 4.3), read from the query.

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use berth_model::{Client, TenantId, TokenScopes, oauth_text};

/// The most bytes of `state`.
const STATE: usize = 1000;

/// The parameters as they came, each once.
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Reads a query; none if a parameter comes twice (RFC 6749 section 3.1).
    pub fn read(query: &str) -> Option<Self> {
        let mut all = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if all.insert(name.into_owned(), value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self(all))
    }

    /// A parameter. One without a value counts as left out.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        (!value.is_empty()).then_some(value)
    }
}

/// How much a request wants to show of itself (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// What is necessary.
    #[default]
    Needed,
    /// Nothing: an error where something would be.
    Nothing,
    /// Signing in, even if somebody is.
    Login,
    /// The consent page, even if it was given.
    Consent,
}

/// Which tenant a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// This one.
    Tenant(TenantId),
    /// None: with the account alone.
    Account,
}

/// A request whose client and redirect URI are known: whatever else is wrong with it is told there.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What is asked for.
    pub scopes: TokenScopes,
    /// SHA-256 of the verifier.
    pub code_challenge: [u8; 32],
    /// What to show.
    pub prompt: Prompt,
    /// For which tenant, if it says.
    pub tenant: Option<Wanted>,
}

/// What is wrong with it, in the words of RFC 6749 section 4.1.2.1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The code.
    pub error: &'static str,
    /// For those who make the client.
    pub description: String,
}

impl Wrong {
    /// With a sentence.
    pub fn new(error: &'static str, description: &str) -> Self {
        Self {
            error,
            description: oauth_text(description),
        }
    }
}

/// Where the answer goes: the redirect URI, if it is one of the client's.
pub(crate) fn redirect_uri<'a>(parameters: &'a Parameters, client: &Client) -> Option<&'a str> {
    let asked = parameters.get("redirect_uri")?;
    let mut known = client.redirect_uris.iter();
    known.any(|uri| uri.admits(asked)).then_some(asked)
}

/// `state`, which comes back as it went.
pub(crate) fn state(parameters: &Parameters) -> Option<&str> {
    parameters.get("state").filter(|state| state.len() <= STATE)
}

/// The rest of the request.
pub(crate) fn read(parameters: &Parameters, client: &Client) -> Result<Asked, Wrong> {
    let get = |name| parameters.get(name);
    let invalid = |text: &str| Wrong::new("invalid_request", text);
    match get("response_type") {
        Some("code") => {}
        Some(_) => {
            let text = "response_type must be code.";
            return Err(Wrong::new("unsupported_response_type", text));
        }
        None => return Err(invalid("response_type is missing; it must be code.")),
    }
    if get("state") != state(parameters) {
        return Err(invalid(&format!("state may have {STATE} bytes at most.")));
    }
    if get("request").is_some() || get("request_uri").is_some() {
        let text = "Give the parameters themselves: request objects are not taken.";
        return Err(Wrong::new("request_not_supported", text));
    }
    if !matches!(get("response_mode"), None | Some("query")) {
        return Err(invalid("response_mode must be query."));
    }
    Ok(Asked {
        code_challenge: challenge(parameters)?,
        scopes: scopes(parameters, client)?,
        prompt: prompt(parameters)?,
        tenant: tenant(parameters)?,
    })
}

/// Every client proves that it is the one that asked, also one with a secret (OAuth 2.1 section
/// 7.5.1). `plain` would prove nothing.
fn challenge(parameters: &Parameters) -> Result<[u8; 32], Wrong> {
    let text = "Use PKCE: code_challenge with code_challenge_method=S256.";
    let wrong = || Wrong::new("invalid_request", text);
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(wrong());
    }
    let encoded = parameters.get("code_challenge").ok_or_else(wrong)?;
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| wrong())?;
    bytes.try_into().map_err(|_| wrong())
}

/// What is asked for; left out: everything that the client can have.
fn scopes(parameters: &Parameters, client: &Client) -> Result<TokenScopes, Wrong> {
    let Some(text) = parameters.get("scope") else {
        return Ok(client.scopes);
    };
    let asked: TokenScopes = text
        .parse()
        .map_err(|error: berth_model::Error| Wrong::new("invalid_scope", error.message()))?;
    if asked.is_empty() || !client.scopes.includes(asked) {
        let text = format!("This client can have these scopes: {}.", client.scopes);
        return Err(Wrong::new("invalid_scope", &text));
    }
    Ok(asked)
}

fn prompt(parameters: &Parameters) -> Result<Prompt, Wrong> {
    Ok(match parameters.get("prompt") {
        None => Prompt::Needed,
        Some("none") => Prompt::Nothing,
        Some("login") => Prompt::Login,
        Some("consent") => Prompt::Consent,
        Some(_) => {
            let text = "prompt must be none, login or consent.";
            return Err(Wrong::new("invalid_request", text));
        }
    })
}

fn tenant(parameters: &Parameters) -> Result<Option<Wanted>, Wrong> {
    match parameters.get("tenant") {
        None => Ok(None),
        Some("none") => Ok(Some(Wanted::Account)),
        Some(id) => {
            let id: Result<TenantId, _> = id.parse();
            let text = "tenant must be a tenant's id, or none.";
            id.map(|id| Some(Wanted::Tenant(id)))
                .map_err(|_| Wrong::new("invalid_request", text))
        }
    }
}
