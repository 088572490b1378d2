//! An API that listens, on a database of its own.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use berth_api::{ApiConfig, ApiState, Limits, router};
use berth_federation::{FederationConfig, Issuers};
use berth_model::{
    Actor, ClientCreate, ClientFor, Clock, IdentityAnswer, IdentityAsk, IdentityClaims,
    IdentityClient, IdentityIssuers, Issuer, Reach, SystemClock, TrustedProxies,
    WebhookDestinations, WebhookUrl,
};
use berth_outbound::SystemNames;
use berth_store::{Cx, Store, testing::TestDatabase};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

pub struct Api {
    pub database: TestDatabase,
    /// Without a slash at the end.
    pub url: String,
    pub http: Client,
    server: JoinHandle<()>,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Api {
    pub async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub async fn with(limits: Limits) -> Self {
        let database = TestDatabase::new().await;
        let store = database.store.clone();
        Self::over(database, store, limits).await
    }

    /// That asks real identity providers, on this machine too.
    pub async fn federated() -> Self {
        let database = TestDatabase::new().await;
        let config = FederationConfig {
            bounds: Reach::Development.into(),
            ..FederationConfig::default()
        };
        // Their tokens are of this time.
        let clock = Arc::new(SystemClock);
        let issuers = Issuers::new(&config, Arc::new(SystemNames), clock).unwrap();
        let store = database.store.clone();
        let limits = Limits::default();
        Self::serving(database, store, limits, Arc::new(issuers), &[]).await
    }

    /// Behind reverse proxies of these networks.
    pub async fn behind(proxies: &[&str], limits: Limits) -> Self {
        let database = TestDatabase::new().await;
        let store = database.store.clone();
        Self::serving(database, store, limits, Arc::new(NoNames), proxies).await
    }

    /// With another store than the database's own.
    pub async fn over(database: TestDatabase, store: Store, limits: Limits) -> Self {
        Self::serving(database, store, limits, Arc::new(NoNames), &[]).await
    }

    async fn serving(
        database: TestDatabase,
        store: Store,
        limits: Limits,
        issuers: Arc<dyn IdentityIssuers>,
        proxies: &[&str],
    ) -> Self {
        let proxies = proxies.iter().map(|network| network.parse().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = ApiState {
            feed: database.store.operation_feed(),
            store,
            destinations: Arc::new(NoNames),
            issuers,
            config: ApiConfig {
                public_url: url.clone(),
                provider_name: "Berth".to_owned(),
                trusted_proxies: TrustedProxies::new(proxies.collect()),
                limits,
            },
            clock: database.clock.clone() as Arc<dyn Clock>,
            ids: database.ids.clone(),
        };
        let server = tokio::spawn(async move {
            let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, app).await.unwrap();
        });
        let http = Client::builder()
            .user_agent("berth-tests")
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            database,
            url,
            http,
            server,
        }
    }

    pub fn store(&self) -> &Store {
        &self.database.store
    }

    /// A client with its secret.
    pub async fn client(&self, acts_for: ClientFor) -> (String, String) {
        let made = self
            .store()
            .client_create(&platform(), ClientCreate::new("test", acts_for))
            .await;
        let (client, secret) = made.unwrap();
        (client.id.to_string(), secret.unwrap())
    }

    /// A token, from the token endpoint.
    pub async fn token(&self, acts_for: ClientFor) -> String {
        let (client_id, secret) = self.client(acts_for).await;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client_id),
            ("client_secret", &secret),
        ];
        let answer = self
            .http
            .post(format!("{}/oauth/token", self.url))
            .form(&form)
            .send()
            .await;
        let body: Value = answer.unwrap().json().await.unwrap();
        body["access_token"].as_str().expect("a token").to_owned()
    }

    pub fn post(&self, token: &str) -> RequestBuilder {
        self.http
            .post(format!("{}/graphql", self.url))
            .bearer_auth(token)
    }

    /// The whole answer to a request.
    pub async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        self.post(token)
            .json(&body)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// The data of a request that must succeed.
    pub async fn data(&self, token: &str, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(token, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// The payload of a mutation that takes `input` and must make something.
    pub async fn make(&self, token: &str, mutation: &str, input: Value, fields: &str) -> Value {
        let mut payload = self.try_make(token, mutation, input, fields).await;
        assert_eq!(payload["userErrors"], json!([]), "{mutation}");
        payload.take()
    }

    /// The payload of a mutation that takes `input`.
    pub async fn try_make(&self, token: &str, name: &str, input: Value, fields: &str) -> Value {
        let ty = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation($input: {ty}!) {{ {name}(input: $input) {{ {fields} userErrors {{ code \
            message field }} }} }}"
        );
        self.data(token, &query, json!({ "input": input })).await[name].take()
    }
}

/// URLs as they are read, without asking where their names lead: that is another room's.
struct NoNames;

#[async_trait]
impl WebhookDestinations for NoNames {
    async fn check(&self, url: &str) -> berth_model::Result<WebhookUrl> {
        WebhookUrl::parse(url, Reach::Public)
    }
}

#[async_trait]
impl IdentityIssuers for NoNames {
    async fn check(&self, issuer: &str) -> berth_model::Result<Issuer> {
        Issuer::parse(issuer, Reach::Public)
    }

    async fn ask(&self, _: &IdentityClient, _: &IdentityAsk) -> berth_model::Result<String> {
        Err(berth_model::Error::internal("nobody is asked here"))
    }

    async fn claims(
        &self,
        _: &IdentityClient,
        _: &IdentityAsk,
        _: &IdentityAnswer,
    ) -> berth_model::Result<IdentityClaims> {
        Err(berth_model::Error::internal("nobody is asked here"))
    }
}

/// The provider, as the command line acts.
pub fn platform() -> Cx {
    Cx::new(Actor::platform())
}

/// The code of the first error.
pub fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or("no error")
}
