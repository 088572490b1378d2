//! A provider with two storefronts, a tenant of each, and a row of every noun for the first tenant.

use std::collections::BTreeMap;

use berth_model::{
    Candidate, ClientFor, Clock, Explanation, Role, Shortage, StorefrontId, TenantId, Verdict,
};
use serde_json::{Value, json};

use crate::support::{Api, platform};

pub const GIB: i64 = 1 << 30;

pub struct World {
    pub api: Api,
    pub platform: String,
    /// Storefront of tenant A.
    pub shop_a: String,
    /// Another storefront, of tenant B.
    pub shop_b: String,
    /// An owner's own client of tenant A.
    pub owner_a: String,
    /// An owner's own client of tenant B.
    pub owner_b: String,
    /// Ids by noun: tenant A's, its storefront's, and the provider's.
    pub ids: BTreeMap<&'static str, String>,
    /// Ids of what everybody may see, and of tenant B.
    pub mine: BTreeMap<&'static str, String>,
    /// See [`World::with_two_machines`].
    pub second_machine: Option<String>,
}

impl World {
    pub async fn new() -> Self {
        Self::over(Api::new().await).await
    }

    pub async fn over(api: Api) -> Self {
        let platform = api.token(ClientFor::PROVIDER).await;
        let (storefront, shop_a) = storefront(&api, "A").await;
        let (other, shop_b) = self::storefront(&api, "B").await;
        let mut world = Self {
            platform,
            shop_a,
            shop_b,
            owner_a: String::new(),
            owner_b: String::new(),
            ids: BTreeMap::from([("Storefront", storefront.to_string())]),
            mine: BTreeMap::from([("Storefront", other.to_string())]),
            second_machine: None,
            api,
        };
        world.webhook(&storefront.to_string()).await;
        world.identity_provider().await;
        world.fleet().await;
        world.catalogue().await;
        world.shown().await;
        world.tenants().await;
        world.orders().await;
        world.placed().await;
        world.told().await;
        world
    }

    /// With a second machine, so that something can be moved.
    pub async fn with_two_machines() -> Self {
        let mut world = Self::new().await;
        let machine = json!({
            "idempotencyKey": "second-machine", "name": "m2", "uri": "sim:m2",
            "rackId": world.ids["Rack"], "guestType": "QEMU", "storagePool": "berth",
            "networkIds": [world.ids["Network"]], "memoryReserveBytes": GIB,
        });
        let made = world
            .api
            .make(&world.platform, "machineEnroll", machine, "machine { id }")
            .await;
        world.second_machine = Some(text(&made["machine"]["id"]));
        world
    }

    /// Makes something as the provider; remembers its id.
    async fn provide(&mut self, mutation: &str, noun: &'static str, input: Value) -> String {
        let field = noun[..1].to_lowercase() + &noun[1..];
        let fields = format!("{field} {{ id }}");
        let mut input = input;
        input["idempotencyKey"] = json!(noun);
        let made = self
            .api
            .make(&self.platform, mutation, input, &fields)
            .await;
        let id = text(&made[&field]["id"]);
        self.ids.insert(noun, id.clone());
        id
    }

    /// An endpoint of storefront A, before there is anything to tell.
    async fn webhook(&mut self, storefront: &str) {
        let input = json!({
            "idempotencyKey": storefront, "url": "https://shop.example.org/berth", "patterns": ["*"],
        });
        let made = self
            .api
            .make(
                &self.shop_a,
                "webhookEndpointCreate",
                input,
                "webhookEndpoint { id }",
            )
            .await;
        let id = text(&made["webhookEndpoint"]["id"]);
        self.ids.insert("WebhookEndpoint", id);
    }

    /// An identity provider of storefront A.
    async fn identity_provider(&mut self) {
        let input = json!({
            "idempotencyKey": "idp", "name": "Keycloak", "issuer": "https://id.example.org",
            "clientId": "berth", "clientSecret": "of the identity provider",
        });
        let fields = "identityProvider { id }";
        let made = self
            .api
            .make(&self.shop_a, "identityProviderCreate", input, fields)
            .await;
        let id = text(&made["identityProvider"]["id"]);
        self.ids.insert("IdentityProvider", id);
    }

    /// What a courier would have done: there are deliveries to that endpoint.
    async fn told(&mut self) {
        self.api.store().webhook_fan_out(100).await.unwrap();
        let query = "{ webhookEndpoints { nodes { deliveries(first: 1) { nodes { id } } } } }";
        let data = self.api.data(&self.shop_a, query, json!({})).await;
        let delivery = &data["webhookEndpoints"]["nodes"][0]["deliveries"]["nodes"][0]["id"];
        self.ids.insert("WebhookDelivery", text(delivery));
    }

    async fn fleet(&mut self) {
        let site = self
            .provide("siteCreate", "Site", json!({ "name": "Kiel" }))
            .await;
        let rack = self
            .provide(
                "rackCreate",
                "Rack",
                json!({ "siteId": site, "name": "r1" }),
            )
            .await;
        let range = json!({
            "cidr": "192.0.2.0/24", "gateway": "192.0.2.1", "first": "192.0.2.10",
            "last": "192.0.2.20"
        });
        let network = json!({ "siteId": site, "name": "guests", "ipv4": range });
        let network = self.provide("networkCreate", "Network", network).await;
        let machine = json!({
            "name": "m1", "uri": "sim:m1", "rackId": rack, "guestType": "QEMU",
            "storagePool": "berth",
            "networkIds": [network], "memoryReserveBytes": GIB,
        });
        let machine = self.provide("machineEnroll", "Machine", machine).await;
        let query = "query($id: ID!) { node(id: $id) { ... on Machine { storagePools { id } } } }";
        let data = self
            .api
            .data(&self.platform, query, json!({ "id": machine }))
            .await;
        self.ids
            .insert("StoragePool", text(&data["node"]["storagePools"][0]["id"]));
        self.mine.insert("Site", site);
    }

    async fn catalogue(&mut self) {
        let image = json!({
            "name": "tiny", "sha256": "07".repeat(32), "sizeBytes": 9, "virtualBytes": GIB,
        });
        let image = self.provide("imageCreate", "Image", image).await;
        let publish = json!({
            "idempotencyKey": "publish", "slug": "matrix", "name": "Matrix", "summary": "Chat.",
            "version": "1", "imageId": image, "memoryBytes": GIB, "vcpus": 1, "dataBytes": GIB,
            "httpPort": 80, "probe": { "path": "/", "deadlineSeconds": 60 },
        });
        let fields = "application { id } applicationVersion { id }";
        let made = self
            .api
            .make(&self.platform, "applicationPublish", publish, fields)
            .await;
        let plan = json!({
            "slug": "small", "name": "Small", "hosting": "OWN", "memoryBytes": GIB, "vcpus": 1,
            "dataBytes": GIB, "price": { "minor": 500, "currency": "EUR" },
        });
        let plan = self.provide("planCreate", "Plan", plan).await;
        for (noun, id) in [
            ("Application", text(&made["application"]["id"])),
            (
                "ApplicationVersion",
                text(&made["applicationVersion"]["id"]),
            ),
            ("Plan", plan),
        ] {
            self.ids.insert(noun, id.clone());
            self.mine.insert(noun, id);
        }
    }

    /// Storefront A has a brand and prices of its own, and a reseller.
    async fn shown(&mut self) {
        let input = json!({
            "idempotencyKey": "R", "name": "R", "ownerName": "R", "ownerEmail": "r@example.org",
        });
        let reseller = self
            .api
            .make(&self.platform, "tenantCreate", input, "tenant { id }");
        let reseller = reseller.await["tenant"]["id"].take();
        let page = "https://a.example.org/page";
        let input = json!({
            "idempotencyKey": "A", "storefrontId": self.ids["Storefront"], "accentColor": "#1a4b8c",
            "backgroundColor": "#ffffff", "logoUrl": page, "supportEmail": "a@example.org",
            "supportUrl": page, "termsUrl": page, "termsVersion": "1", "privacyUrl": page,
            "imprintUrl": page, "corsOrigins": ["https://a.example.org"], "host": "a.example.org",
            "senderEmail": "shop@example.org", "resellerId": reseller,
        });
        self.api
            .make(&self.platform, "storefrontUpdate", input, "")
            .await;
        let input = json!({
            "idempotencyKey": "A", "storefrontId": self.ids["Storefront"],
            "plans": [{
                "planId": self.ids["Plan"], "price": { "minor": 700, "currency": "CHF" },
            }],
            "applicationIds": [self.ids["Application"]],
        });
        self.api
            .make(&self.platform, "storefrontOffersSet", input, "")
            .await;
    }

    async fn tenants(&mut self) {
        let mut tokens = Vec::new();
        for (name, shop) in [("A", self.shop_a.clone()), ("B", self.shop_b.clone())] {
            let input = json!({
                "idempotencyKey": name, "name": name, "ownerName": name,
                "ownerEmail": format!("{name}@example.org").to_lowercase(),
            });
            let fields = "tenant { id members { nodes { id account { id } } } }";
            let made = self.api.make(&shop, "tenantCreate", input, fields).await;
            let tenant = text(&made["tenant"]["id"]);
            let id: TenantId = tenant.parse().unwrap();
            tokens.push(self.api.token(ClientFor::Tenant(id, Role::Owner)).await);
            let invite = json!({
                "idempotencyKey": name, "tenantId": tenant, "role": "VIEWER",
                "email": format!("emil-{name}@example.org").to_lowercase(),
            });
            let owner = tokens.last().unwrap();
            let invited = self
                .api
                .make(owner, "invitationCreate", invite, "invitation { id }")
                .await;
            let grant = self.support_grant(id).await;
            let member = &made["tenant"]["members"]["nodes"][0];
            let all = if name == "A" {
                &mut self.ids
            } else {
                &mut self.mine
            };
            all.insert("Tenant", tenant);
            all.insert("Member", text(&member["id"]));
            all.insert("Invitation", text(&invited["invitation"]["id"]));
            all.insert("SupportGrant", grant);
            all.insert("Account", text(&member["account"]["id"]));
        }
        self.owner_b = tokens.pop().unwrap();
        self.owner_a = tokens.pop().unwrap();
        let clients = "{ clients { nodes { id storefront { id } } } }";
        let data = self.api.data(&self.platform, clients, json!({})).await;
        let storefront = json!(self.ids["Storefront"]);
        let clients = data["clients"]["nodes"].as_array().unwrap();
        let client = clients
            .iter()
            .find(|client| client["storefront"]["id"] == storefront);
        self.ids.insert("Client", text(&client.unwrap()["id"]));
    }

    /// One of the provider's people was there, and may be still.
    async fn support_grant(&self, tenant: TenantId) -> String {
        let id = self.api.database.ids.next::<berth_model::SupportGrantId>();
        let now = self.api.database.clock.now();
        self.api
            .database
            .sql(&format!(
                "INSERT INTO support_grants (id, tenant_id, account_id, staff_name, role, reason,
                                             created_at, expires_at)
                 SELECT '{}', '{}', id, 'Sue', 'SUPPORT', 'Ticket 7', '{now}',
                        '{now}'::timestamptz + interval '1 hour'
                 FROM accounts LIMIT 1",
                id.0, tenant.0
            ))
            .await;
        id.to_string()
    }

    /// An order that a mutation takes.
    pub fn order(&self, tenant: &str, domain_name: &str) -> Value {
        json!({
            "idempotencyKey": domain_name, "tenantId": tenant, "planId": self.ids["Plan"],
            "applicationVersionId": self.ids["ApplicationVersion"], "name": "Chat",
            "domainName": domain_name, "administratorUsername": "anna",
            "administratorEmail": "anna@example.org",
        })
    }

    async fn orders(&mut self) {
        let fields = "deployment { id dataVolume { id } virtualMachine { id } } operation { id }";
        let orders = [
            (
                self.shop_a.clone(),
                self.order(&self.ids["Tenant"], "a.example"),
            ),
            (
                self.shop_b.clone(),
                self.order(&self.mine["Tenant"], "b.example"),
            ),
        ];
        for (index, (shop, order)) in orders.into_iter().enumerate() {
            let made = self
                .api
                .make(&shop, "deploymentCreate", order, fields)
                .await;
            let all = if index == 0 {
                &mut self.ids
            } else {
                &mut self.mine
            };
            all.insert("Deployment", text(&made["deployment"]["id"]));
            all.insert(
                "VirtualMachine",
                text(&made["deployment"]["virtualMachine"]["id"]),
            );
            all.insert("Volume", text(&made["deployment"]["dataVolume"]["id"]));
            all.insert("Operation", text(&made["operation"]["id"]));
        }
        let query =
            "query($id: ID!) { node(id: $id) { ... on Tenant { auditLog { nodes { id } } } } }";
        let data = self
            .api
            .data(&self.shop_a, query, json!({ "id": self.ids["Tenant"] }))
            .await;
        self.ids.insert(
            "AuditEntry",
            text(&data["node"]["auditLog"]["nodes"][0]["id"]),
        );
    }

    /// What a worker would have done: tenant A's virtual machine has a place and an address.
    async fn placed(&mut self) {
        let key = |noun: &str| uuid(&self.ids[noun]);
        let (tenant, vm) = (key("Tenant"), key("VirtualMachine"));
        let (machine, pool) = (key("Machine"), key("StoragePool"));
        let reservation = self.api.database.ids.next::<berth_model::ReservationId>();
        self.api
            .database
            .sql(&format!(
                "INSERT INTO reservations VALUES ('{}', '{tenant}', '{vm}', '{machine}', '{pool}',
                     {GIB}, 1, {GIB}, now(), now());
                 UPDATE virtual_machines SET machine_id = '{machine}', storage_pool_id = '{pool}',
                     state = 'RESERVED' WHERE id = '{vm}';
                 UPDATE addresses SET tenant_id = '{tenant}', virtual_machine_id = '{vm}'
                 WHERE address = '192.0.2.10';",
                reservation.0
            ))
            .await;
        self.ids.insert("Reservation", reservation.to_string());
        self.decided(&tenant, &machine).await;
        let query =
            "query($id: ID!) { node(id: $id) { ... on VirtualMachine { addresses { id } } } }";
        let id = json!({ "id": self.ids["VirtualMachine"] });
        let data = self.api.data(&self.shop_a, query, id).await;
        self.ids
            .insert("Address", text(&data["node"]["addresses"][0]["id"]));
    }
}

impl World {
    /// The step and the decision of tenant A's order.
    async fn decided(&self, tenant: &str, machine: &str) {
        let operation = uuid(&self.ids["Operation"]);
        let machine_id = machine.parse::<uuid::Uuid>().unwrap().into();
        let explanation = Explanation {
            chosen: Some(machine_id),
            candidates: vec![Candidate {
                machine_id,
                machine: "m1".to_owned(),
                verdict: Verdict::Short {
                    shortages: vec![Shortage::Memory { missing: GIB }],
                },
            }],
            others: Vec::new(),
        };
        let explanation = serde_json::to_string(&explanation).unwrap();
        self.api
            .database
            .sql(&format!(
                "INSERT INTO operation_steps
                 VALUES ('{tenant}', '{operation}', 1, 'place', 'Place', 'DONE', 1, 'm', now(), now());
                 UPDATE operations SET console_tail = 'login: ' WHERE id = '{operation}';
                 INSERT INTO placements VALUES ('{tenant}', '{operation}', '{explanation}', now());"
            ))
            .await;
    }
}

async fn storefront(api: &Api, name: &str) -> (StorefrontId, String) {
    let made = api
        .store()
        .storefront_create(&platform(), format!("Shop {name}"))
        .await;
    let id = made.unwrap().id;
    (id, api.token(ClientFor::Storefront(id)).await)
}

/// A text of an answer.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text, not {value}"))
        .to_owned()
}

/// The key of a global id.
fn uuid(id: &str) -> String {
    id.split_once('_').unwrap().1.to_owned()
}
