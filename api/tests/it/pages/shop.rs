//! A storefront whose people sign in, and a client of it that asks them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use berth_model::{
    ClientCreate, ClientFor, GrantGive, Locale, MemberCreate, Realm, Role, Session, SignUp,
    StorefrontId, TenantId, Visit,
};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::browser::{Browser, PASSWORD, Page, base, code};
use crate::support::{Api, platform};

pub const REDIRECT: &str = "https://shop.example.org/callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub struct Shop {
    pub api: Api,
    pub id: StorefrontId,
    /// Where its pages are.
    pub base: String,
    pub client_id: String,
    pub secret: Option<String>,
}

impl Shop {
    pub async fn new() -> Self {
        Self::over(Api::new().await, false).await
    }

    /// Whose people can sign in by real identity providers.
    pub async fn federated() -> Self {
        Self::over(Api::federated().await, false).await
    }

    /// With a client that can keep no secret.
    pub async fn public() -> Self {
        Self::over(Api::new().await, true).await
    }

    pub async fn over(api: Api, is_public: bool) -> Self {
        let id = storefront(&api, "Harbour").await;
        Self::with(api, id, is_public).await
    }

    /// Of a storefront that is there.
    pub async fn of(api: Api, id: StorefrontId) -> Self {
        Self::with(api, id, false).await
    }

    async fn with(api: Api, id: StorefrontId, is_public: bool) -> Self {
        let (client_id, secret) = client(&api, id, REDIRECT, is_public).await;
        Self {
            base: base(id),
            api,
            id,
            client_id,
            secret,
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&self.api.url)
    }

    /// The query of an authorisation request, some parameters being others.
    pub fn request(&self, other: &[(&str, &str)]) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let usual = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", REDIRECT),
            ("scope", "tenant:read catalogue:read"),
            ("state", "s-1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in usual {
            match other.iter().find(|(known, _)| *known == name) {
                Some((_, "")) => {}
                Some((_, value)) => drop(query.append_pair(name, value)),
                None => drop(query.append_pair(name, value)),
            }
        }
        let new = other
            .iter()
            .filter(|(name, _)| !usual.iter().any(|(known, _)| known == name));
        query.extend_pairs(new);
        format!("/oauth/authorize?{}", query.finish())
    }

    /// Asks, and allows what is asked, for a tenant or `none`. Where the browser is sent then.
    pub async fn allow(&self, browser: &mut Browser, request: &str, tenant: &str) -> Page {
        let fields = [("decision", "allow"), ("tenant", tenant)];
        browser.submit(request, request, &fields).await
    }

    /// Of a signed-in browser: a code. A client that was allowed before doesn't ask again.
    pub async fn code(&self, browser: &mut Browser, tenant: &str) -> String {
        let request = self.request(&[]);
        let mut page = browser.visit(&request).await;
        if page.location.is_none() {
            page = self.allow(browser, &request, tenant).await;
        }
        parameter(&page, "code").unwrap_or_else(|| panic!("a code, not {:?}", page.location))
    }

    pub fn token_request(&self, form: &[(&str, &str)]) -> RequestBuilder {
        let request = self.api.http.post(format!("{}/oauth/token", self.api.url));
        match &self.secret {
            Some(secret) => request.basic_auth(&self.client_id, Some(secret)).form(form),
            None => {
                let id = ("client_id", self.client_id.as_str());
                request.form(&[form, &[id]].concat())
            }
        }
    }

    /// What the token endpoint answers.
    pub async fn token(&self, form: &[(&str, &str)]) -> (StatusCode, Value) {
        let answer = self.token_request(form).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    pub async fn redeem(&self, code: &str) -> (StatusCode, Value) {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub async fn refresh(&self, token: &str) -> (StatusCode, Value) {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }
}

pub async fn storefront(api: &Api, name: &str) -> StorefrontId {
    let provider = platform();
    let made = api.store().storefront_create(&provider, name.to_owned());
    made.await.unwrap().id
}

pub async fn client(
    api: &Api,
    id: StorefrontId,
    redirect: &str,
    is_public: bool,
) -> (String, Option<String>) {
    let create = ClientCreate {
        redirect_uris: vec![redirect.parse().unwrap()],
        is_public,
        ..ClientCreate::new("Harbour's shop", ClientFor::Storefront(id))
    };
    let (client, secret) = api
        .store()
        .client_create(&platform(), create)
        .await
        .unwrap();
    (client.id.to_string(), secret)
}

/// A parameter of where a browser is sent.
pub fn parameter(page: &Page, name: &str) -> Option<String> {
    let location = page.location.as_ref()?;
    let query = location.split_once('?')?.1;
    form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// The token of a person of a storefront, who acts for no tenant.
pub async fn person(api: &Api, storefront: StorefrontId) -> String {
    let realm = Realm(Some(storefront));
    let session = signed_up(api, realm, "person@mail.example").await;
    let (client, _) = client(api, storefront, REDIRECT, true).await;
    granted(api, &session, &client, None).await
}

/// The token of one of the provider's people.
pub async fn staff(api: &Api, role: Role) -> String {
    let email = format!("{role}@provider.example").to_lowercase();
    let session = signed_up(api, Realm::PROVIDER, &email).await;
    let member = MemberCreate {
        tenant_id: TenantId::PLATFORM,
        name: session.account.name.clone(),
        email: session.account.email.clone(),
        role,
    };
    let store = api.store();
    store.member_create(&platform(), member).await.unwrap();
    let create = ClientCreate {
        redirect_uris: vec![REDIRECT.parse().unwrap()],
        ..ClientCreate::new("console", ClientFor::PROVIDER)
    };
    let (client, _) = store.client_create(&platform(), create).await.unwrap();
    granted(
        api,
        &session,
        &client.id.to_string(),
        Some(TenantId::PLATFORM),
    )
    .await
}

/// Somebody signs up and is signed in.
async fn signed_up(api: &Api, realm: Realm, email: &str) -> Session {
    let store = api.store();
    let visit = Visit {
        realm,
        browser: format!("bb_of-{email}"),
        remote: None,
        user_agent: None,
    };
    let sign_up = SignUp {
        email: email.parse().unwrap(),
        name: "Person".to_owned(),
        password: PASSWORD.to_owned(),
        locale: Locale::En,
        terms_version: None,
    };
    store.sign_up_begin(&visit, &sign_up).await.unwrap();
    let code = code(store, email).await;
    let cookies = store.sign_up_finish(&visit, &code).await.unwrap();
    let session = store.session_get(&visit, &cookies.session).await.unwrap();
    session.unwrap()
}

/// The token of a client that a person lets do everything that it can.
async fn granted(
    api: &Api,
    session: &Session,
    client_id: &str,
    tenant_id: Option<TenantId>,
) -> String {
    let store = api.store();
    let client = store.client_asking(client_id).await.unwrap();
    let give = GrantGive {
        tenant_id,
        scopes: client.scopes,
        redirect_uri: REDIRECT.to_owned(),
        code_challenge: Sha256::digest(VERIFIER).into(),
        client,
    };
    let code = store.grant_give(session, &give).await.unwrap();
    let redeemed = store.grant_redeem(&give.client, &code, REDIRECT, VERIFIER);
    redeemed.await.unwrap().access.token
}
