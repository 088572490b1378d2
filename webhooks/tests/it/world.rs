//! A provider with two storefronts, and couriers that tell them.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use berth_model::{
    Actor, Caller, ClientCreate, ClientFor, Clock, Ids, PageRequest, Reach, StorefrontId,
    SystemClock, Tenant, TenantCreate, WebhookAttempt, WebhookDelivery, WebhookDeliveryState,
    WebhookEndpoint, WebhookEndpointCreate, WebhookEndpointId, WebhookUrl,
};
use berth_store::{
    Cx, OperationFeed, Store,
    testing::{self, TestDatabase},
};
use berth_webhooks::{Courier, CourierConfig, Names};
use tokio::{runtime::Builder, task::JoinHandle, time::timeout};
use tokio_postgres::{NoTls, connect};
use tokio_util::sync::CancellationToken;

use crate::server::{PATIENCE, Received, Server};

pub struct World {
    pub database: TestDatabase,
    pub store: Store,
    pub feed: OperationFeed,
    clock: Arc<dyn Clock>,
    ids: Arc<Ids>,
    pub platform: Cx,
    pub shop: Cx,
    pub other_shop: Cx,
}

impl World {
    /// With a clock that stands still until it is moved.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (clock, ids) = (database.clock.clone(), database.ids.clone());
        Self::with(database, clock, ids).await
    }

    /// With the machine's clock, for those who compare timestamps with it.
    pub async fn live() -> Self {
        let clock = Arc::new(SystemClock);
        let ids = Arc::new(Ids::seeded(clock.clone(), 1));
        Self::with(TestDatabase::new().await, clock, ids).await
    }

    async fn with(database: TestDatabase, clock: Arc<dyn Clock>, ids: Arc<Ids>) -> Self {
        let store = testing::store(&database.app_url, clock.clone(), ids.clone());
        let platform = Cx::new(Actor::platform());
        let shop = shop(&store, &platform, "Shop").await;
        let other_shop = self::shop(&store, &platform, "Other shop").await;
        Self {
            feed: store.operation_feed(),
            database,
            store,
            clock,
            ids,
            platform,
            shop,
            other_shop,
        }
    }

    /// An endpoint of the caller's, and its secret.
    pub async fn endpoint(&self, cx: &Cx, url: &str, pattern: &str) -> (WebhookEndpoint, String) {
        let url = match WebhookUrl::parse(url, Reach::Development) {
            Ok(url) => url,
            Err(error) => panic!("{url}: {error}"),
        };
        let input = WebhookEndpointCreate {
            url,
            description: None,
            patterns: vec![pattern.parse().unwrap()],
        };
        let made = self.store.webhook_endpoint_create(cx, input).await;
        let (endpoint, secret) = made.unwrap();
        (endpoint, secret.unwrap())
    }

    /// Something happens: a tenant of the caller's is made.
    pub async fn tenant(&self, cx: &Cx, name: &str) -> Tenant {
        let input = TenantCreate {
            name: name.to_owned(),
            external_id: Some(name.to_owned()),
            owner_name: name.to_owned(),
            owner_email: format!("{name}@example.org").parse().unwrap(),
        };
        self.store.tenant_create(cx, input).await.unwrap()
    }

    /// Kills a courier in the moment after an endpoint answered and before that is written down.
    /// It has threads and connections of its own, as a process has.
    pub async fn start_and_kill(&self, server: &mut Server) -> Received {
        server.hold();
        let store = testing::store(&self.database.app_url, self.clock.clone(), self.ids.clone());
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        let inside = runtime.enter();
        let feed = store.operation_feed();
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        let names = Arc::new(NoNames);
        let courier = Courier::new(store, feed, development(), clock, ids, names).unwrap();
        runtime.spawn(courier.run(CancellationToken::new()));
        drop(inside);
        let received = server.next().await;
        // Whoever writes down what came of an attempt waits for this row.
        let (mut client, connection) = connect(&self.database.owner_url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let held = client.transaction().await.unwrap();
        let lock = "SELECT FROM webhook_endpoints FOR UPDATE";
        assert_eq!(held.execute(lock, &[]).await.unwrap(), 1);
        server.release();
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
                     AND wait_event_type = 'Lock')";
        let waiting = async {
            while !self.ask(waits).await {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, waiting)
            .await
            .expect("it waits for the row");
        runtime.shutdown_background();
        held.rollback().await.unwrap();
        received
    }

    async fn ask(&self, question: &str) -> bool {
        let (client, connection) = connect(&self.database.owner_url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.query_one(question, &[]).await.unwrap().get(0)
    }

    /// A courier that reaches this machine.
    pub fn start(&self) -> Working {
        self.start_with(development(), Arc::new(NoNames))
    }

    pub fn start_with(&self, config: CourierConfig, names: Arc<dyn Names>) -> Working {
        let courier = Courier::new(
            self.store.clone(),
            self.feed.clone(),
            config,
            self.clock.clone(),
            self.ids.clone(),
            names,
        );
        let stop = CancellationToken::new();
        Working {
            task: tokio::spawn(courier.unwrap().run(stop.clone())),
            stop,
        }
    }

    /// The endpoint's deliveries, once all of them are so.
    pub async fn until(
        &self,
        id: WebhookEndpointId,
        is_so: impl Fn(&WebhookDelivery) -> bool,
    ) -> Vec<WebhookDelivery> {
        let waiting = async {
            loop {
                let page = PageRequest::first(100);
                let found = self
                    .store
                    .webhook_delivery_list(&self.platform, page, id, &[]);
                let found = found.await.unwrap().items;
                if !found.is_empty() && found.iter().all(&is_so) {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("it comes to that")
    }

    pub async fn until_delivered(&self, id: WebhookEndpointId) -> Vec<WebhookDelivery> {
        let delivered = |one: &WebhookDelivery| one.state == WebhookDeliveryState::Delivered;
        self.until(id, delivered).await
    }

    /// What came of the attempts at a delivery.
    pub async fn log(&self, delivery: &WebhookDelivery) -> Vec<WebhookAttempt> {
        let ids = [delivery.id];
        let found = self
            .store
            .webhook_attempt_by_delivery_ids(&self.platform, &ids);
        found
            .await
            .unwrap()
            .remove(&delivery.id)
            .unwrap_or_default()
    }

    /// The endpoint's one delivery, once what came of so many attempts at it is written down.
    pub async fn until_logged(&self, id: WebhookEndpointId, attempts: usize) -> WebhookDelivery {
        let waiting = async {
            loop {
                let found = self.until(id, |_| true).await.remove(0);
                if self.log(&found).await.len() == attempts {
                    // As it is now: the look before may have been earlier.
                    return self.until(id, |_| true).await.remove(0);
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect("it comes to that")
    }

    /// Until the clock shows when it is due again.
    pub fn skip_to(&self, delivery: &WebhookDelivery) {
        let wait = delivery.next_attempt_at.unwrap() - self.database.clock.now();
        self.database.clock.advance(wait);
    }
}

pub fn development() -> CourierConfig {
    CourierConfig {
        bounds: Reach::Development.into(),
        poll: Duration::from_millis(10),
        ..CourierConfig::default()
    }
}

/// A courier that runs.
pub struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    /// Asks it to stop, and waits until it has.
    pub async fn stopped(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task)
            .await
            .expect("it stops")
            .unwrap();
    }
}

/// Nobody knows a name.
pub struct NoNames;

#[async_trait]
impl Names for NoNames {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Err(io::Error::other("nobody knows it"))
    }
}

/// Names that lead elsewhere each time they are asked for; at last they stay.
#[derive(Default)]
pub struct Script(Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>);

impl Script {
    pub fn new(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers
            .iter()
            .map(|all| all.iter().map(|one| one.parse().unwrap()).collect());
        let script = HashMap::from([(name.to_owned(), answers.collect())]);
        Arc::new(Self(Mutex::new(script)))
    }
}

#[async_trait]
impl Names for Script {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut script = self.0.lock().unwrap();
        let answers = script.get_mut(name);
        let answers = answers.ok_or_else(|| io::Error::other("nobody knows it"))?;
        Ok(if answers.len() > 1 {
            answers.pop_front().unwrap()
        } else {
            answers[0].clone()
        })
    }
}

async fn shop(store: &Store, platform: &Cx, name: &str) -> Cx {
    let made = store.storefront_create(platform, name.to_owned()).await;
    let id: StorefrontId = made.unwrap().id;
    let acts_for = ClientFor::Storefront(id);
    let made = store
        .client_create(platform, ClientCreate::new(name, acts_for))
        .await;
    Cx::new(Actor {
        client_id: Some(made.unwrap().0.id),
        ..Actor::new(Caller::Storefront(id))
    })
}
