//! A small provider that most tests begin with: two storefronts with a tenant each, a catalogue, a
//! site.

use berth_model::{
    Actor, ApplicationPublish, ApplicationVersion, Caller, ClientCreate, ClientFor, ClientId,
    Clock, DeploymentCreate, Hosting, Image, ImageCreate, Notice, OptionKind, OptionSpec,
    OptionTexts, OptionValue, Options, Plan, PlanCreate, Probe, Reach, Role, Sha256, Site,
    StorefrontId, Tenant, TenantCreate, Timestamp, Translations, WebhookEndpoint,
    WebhookEndpointCreate, WebhookUrl,
};
use berth_store::{Cx, IdempotencyKey, Store, testing::TestDatabase};
use chrono::TimeDelta;
use diesel::{QueryableByName, sql_query, sql_types::Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::people_call::staff_account;

pub const GIB: i64 = 1 << 30;

pub struct World {
    pub database: TestDatabase,
    pub platform: Cx,
    pub storefront: StorefrontId,
    /// The client of `storefront`, and its actor.
    pub shop: Cx,
    pub other_shop: Cx,
    pub tenant: Tenant,
    pub other_tenant: Tenant,
    pub image: Image,
    pub version: ApplicationVersion,
    pub small: Plan,
    pub large: Plan,
    pub shared: Plan,
    pub site: Site,
}

impl World {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let store = &database.store;
        let platform = platform();
        let (storefront, shop) = shop(store, &platform, "Shop").await;
        let (_, other_shop) = self::shop(store, &platform, "Other shop").await;
        let tenant = store
            .tenant_create(&shop, tenant_input("Anna", "a-1"))
            .await
            .unwrap();
        let other_tenant = store
            .tenant_create(&other_shop, tenant_input("Berta", "a-1"))
            .await
            .unwrap();
        let image = store
            .image_create(&platform, image_input("tiny-1"))
            .await
            .unwrap();
        let published = store
            .application_publish(&platform, publish_input(&image))
            .await;
        let small = store
            .plan_create(&platform, plan_input("small", Hosting::Own, 1))
            .await
            .unwrap();
        let large = store
            .plan_create(&platform, plan_input("large", Hosting::Own, 4))
            .await
            .unwrap();
        let shared = store
            .plan_create(&platform, plan_input("shared", Hosting::Shared, 1))
            .await
            .unwrap();
        let site = store
            .site_create(&platform, "Kiel".to_owned())
            .await
            .unwrap();
        Self {
            platform,
            storefront,
            shop,
            other_shop,
            tenant,
            other_tenant,
            image,
            version: published.unwrap().1,
            small,
            large,
            shared,
            site,
            database,
        }
    }

    /// The notices that were written since the last look, in order.
    pub async fn told(&self) -> Vec<Notice> {
        let claimed = self.store().notice_claim(1000, TimeDelta::days(365)).await;
        let told = claimed.unwrap().into_iter().map(|work| work.notice);
        let mut told: Vec<_> = told.collect();
        told.sort_by_key(|notice| notice.id);
        told
    }

    /// What the clock of the store shows.
    pub fn store_now(&self) -> Timestamp {
        self.database.clock.now()
    }

    pub fn store(&self) -> &Store {
        &self.database.store
    }

    /// A context of a tenant's own client.
    pub async fn member(&self, tenant: &Tenant, role: Role) -> Cx {
        let acts_for = ClientFor::Tenant(tenant.id, role);
        let made = self
            .store()
            .client_create(
                &self.platform,
                ClientCreate::new(role.to_string(), acts_for),
            )
            .await;
        context(Caller::Tenant(tenant.id, role), made.unwrap().0.id)
    }

    /// An order of `tenant` for a name.
    pub fn order(&self, tenant: &Tenant, plan: &Plan, domain_name: &str) -> DeploymentCreate {
        DeploymentCreate {
            tenant_id: tenant.id,
            application_version_id: self.version.id,
            plan_id: plan.id,
            site_id: None,
            name: "Chat".to_owned(),
            domain_name: domain_name.parse().unwrap(),
            external_id: None,
            options: Options::new(),
            administrator_username: "anna".to_owned(),
            administrator_email: "anna@example.org".parse().unwrap(),
        }
    }

    /// A webhook endpoint of the caller's.
    pub async fn endpoint(&self, cx: &Cx, pattern: &str) -> WebhookEndpoint {
        let made = self
            .store()
            .webhook_endpoint_create(cx, endpoint_input(pattern))
            .await;
        made.unwrap().0
    }

    /// One text from a query as the schema's owner, whom no policy holds.
    pub async fn text(&self, query: &str) -> String {
        text(&mut connect(&self.database.owner_url).await, query).await
    }
}

pub fn context(caller: Caller, client_id: ClientId) -> Cx {
    Cx::new(Actor {
        client_id: Some(client_id),
        ..Actor::new(caller)
    })
}

/// One of the provider's people, with a program that asks for them.
pub async fn staff(world: &World, role: Role) -> Cx {
    let platform = role.platform().unwrap();
    let create = ClientCreate::new("console", ClientFor::Platform(platform));
    let made = world.store().client_create(&world.platform, create).await;
    let mut cx = context(Caller::Platform(platform), made.unwrap().0.id);
    cx.actor.account_id = Some(staff_account(world, role).await);
    cx
}

pub fn platform() -> Cx {
    Cx::new(Actor::platform())
}

async fn shop(store: &Store, platform: &Cx, name: &str) -> (StorefrontId, Cx) {
    let storefront = store
        .storefront_create(platform, name.to_owned())
        .await
        .unwrap();
    let acts_for = ClientFor::Storefront(storefront.id);
    let (client, _) = store
        .client_create(platform, ClientCreate::new(name, acts_for))
        .await
        .unwrap();
    (
        storefront.id,
        context(Caller::Storefront(storefront.id), client.id),
    )
}

pub fn tenant_input(name: &str, external_id: &str) -> TenantCreate {
    TenantCreate {
        name: name.to_owned(),
        external_id: Some(external_id.to_owned()),
        owner_name: name.to_owned(),
        owner_email: format!("{}@example.org", name.to_lowercase())
            .parse()
            .unwrap(),
    }
}

pub fn image_input(name: &str) -> ImageCreate {
    ImageCreate {
        name: name.to_owned(),
        sha256: Sha256([7; 32]),
        size_bytes: 9,
        virtual_bytes: GIB,
    }
}

pub fn plan_input(slug: &str, hosting: Hosting, size: i64) -> PlanCreate {
    PlanCreate {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        hosting,
        memory_bytes: size * GIB,
        vcpus: 1,
        data_bytes: size * GIB,
        price_minor: 500 * size,
        currency: "EUR".to_owned(),
    }
}

pub fn publish_input(image: &Image) -> ApplicationPublish {
    ApplicationPublish {
        slug: "matrix".to_owned(),
        name: "Matrix".to_owned(),
        summary: "Chat that federates.".to_owned(),
        translations: Translations::new(),
        version: "1".to_owned(),
        image_id: image.id,
        memory_bytes: GIB,
        vcpus: 1,
        data_bytes: GIB,
        shareable: true,
        http_port: 80,
        probe: Probe {
            path: "/health".to_owned(),
            contains: None,
            deadline_seconds: 60,
        },
        options: vec![OptionSpec {
            name: "open".to_owned(),
            kind: OptionKind::Boolean,
            default: Some(OptionValue::Boolean(false)),
            texts: OptionTexts {
                title: "Anybody may sign up".to_owned(),
                ..Default::default()
            },
            translations: Translations::new(),
        }],
    }
}

pub fn endpoint_input(pattern: &str) -> WebhookEndpointCreate {
    let url = WebhookUrl::parse("https://shop.example.org/berth", Reach::Public);
    WebhookEndpointCreate {
        url: url.unwrap(),
        description: None,
        patterns: vec![pattern.parse().unwrap()],
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

pub async fn connect(url: &str) -> AsyncPgConnection {
    AsyncPgConnection::establish(url).await.unwrap()
}

/// The lines of a query whose one column is a text named `line`.
pub async fn lines(connection: &mut AsyncPgConnection, query: &str) -> Vec<String> {
    let lines: Vec<Line> = sql_query(query).load(connection).await.unwrap();
    lines.into_iter().map(|row| row.line).collect()
}

pub async fn text(connection: &mut AsyncPgConnection, query: &str) -> String {
    lines(connection, query).await.join("\n")
}

/// The same context with an idempotency key.
pub fn with_key(cx: &Cx, key: &str) -> Cx {
    cx.clone().with_key(IdempotencyKey::parse(key).unwrap())
}
