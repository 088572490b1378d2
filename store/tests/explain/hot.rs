//! What runs all the time.

use berth_model::{
    Caller, ClientCreate, ClientFor, OperationKind, PageRequest, PlatformRole, Role,
};
use berth_store::{ClaimRequest, DeploymentFilter, Store, WebhookClaim, WebhookLane};
use chrono::TimeDelta;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::caught::{Filled, caught, cx, explain, explain_in, scope, storefront, tenant};

/// 3 storefronts with 200 tenants each, 10 deployments each, and a token for each tenant; 20
/// operations that run, 5,000 that wait and 25,000 that have ended; 60 webhook endpoints, with 3,000
/// deliveries that wait, 10 that are on their way and 30,000 that are over.
const FILL: &str = "
    INSERT INTO storefronts SELECT ('10000000-0000-7000-8000-00000000000' || n)::uuid, 'S', now()
        FROM generate_series(1, 3) n;
    INSERT INTO tenants (id, storefront_id, name, created_at)
        SELECT ('20000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
               ('10000000-0000-7000-8000-00000000000' || n % 3 + 1)::uuid, 'T', now()
        FROM generate_series(1, 600) n;
    INSERT INTO images VALUES (gen_random_uuid(), 'i', sha256(''), 1, 1, 1, now());
    INSERT INTO applications VALUES (gen_random_uuid(), 'app', 'A', 'S', now());
    INSERT INTO application_versions
        SELECT gen_random_uuid(), a.id, '1', i.id, 1, 1, 1, true, 80, '{}', '[]', now()
        FROM applications a, images i;
    INSERT INTO plans VALUES (gen_random_uuid(), 'small', 'P', 'OWN', 1, 1, 1, 1, 'EUR', now());
    INSERT INTO sites VALUES (gen_random_uuid(), 's', now());
    INSERT INTO virtual_machines (id, tenant_id, site_id, image_id, hosting, state, mac, created_at)
        SELECT ('30000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
               ('20000000-0000-7000-8000-' || lpad((n % 600 + 1)::text, 12, '0'))::uuid,
               s.id, i.id, 'OWN', 'RUNNING', n, now()
        FROM generate_series(1, 6000) n, sites s, images i;
    INSERT INTO deployments
        SELECT ('40000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, v.tenant_id, a.id, p.id,
               v.id, 'D', n || '.example.org', NULL, '{}', 'anna', 'anna@example.org', 'RUNNING',
               'RUNNING', NULL, now(), now()
        FROM generate_series(1, 6000) n
        JOIN virtual_machines v ON v.mac = n::text, application_versions a, plans p;
    INSERT INTO clients
        SELECT gen_random_uuid(), 'TENANT', 'C', NULL, id, 'OWNER', '', now() FROM tenants;
    INSERT INTO access_tokens
        SELECT gen_random_uuid(), tenant_id, id, sha256(id::text::bytea), now() + '1 h', now()
        FROM clients;
    INSERT INTO operations (id, tenant_id, kind, state, deployment_id, lock_key, fair_at, run_after,
            lease_until, created_at, started_at, finished_at)
        SELECT ('50000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, d.tenant_id,
               'DEPLOYMENT_REPAIR', s.state, d.id, d.virtual_machine_id, n, '2026-01-01',
               CASE s.state WHEN 'RUNNING' THEN timestamptz '2027-01-01' END, '2026-01-01',
               CASE WHEN s.state <> 'PENDING' THEN timestamptz '2026-01-01' END,
               CASE s.state WHEN 'SUCCEEDED' THEN timestamptz '2026-01-01' END
        FROM generate_series(1, 30020) n
        JOIN deployments d
            ON d.id = ('40000000-0000-7000-8000-' || lpad((n % 6000 + 1)::text, 12, '0'))::uuid
        CROSS JOIN LATERAL (SELECT CASE WHEN n <= 20 THEN 'RUNNING' WHEN n <= 5020 THEN 'PENDING'
                            ELSE 'SUCCEEDED' END AS state) s;
    INSERT INTO webhook_endpoints (id, storefront_id, owner_id, url, patterns, created_at, updated_at)
        SELECT ('60000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, s.id, s.id,
               'https://shop.example.org', '{*}', now(), now()
        FROM generate_series(0, 59) n
        JOIN storefronts s ON s.id = ('10000000-0000-7000-8000-00000000000' || n % 3 + 1)::uuid;
    INSERT INTO webhook_deliveries (id, tenant_id, storefront_id, owner_id, endpoint_id, event_type,
            body, state, lease_until, next_attempt_at, give_up_at, created_at, finished_at)
        SELECT ('70000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, t.id, t.storefront_id,
               t.storefront_id,
               ('60000000-0000-7000-8000-' || lpad((n % 600 % 60)::text, 12, '0'))::uuid,
               'tenant.created', '{}', CASE WHEN n <= 3010 THEN 'PENDING' ELSE 'DELIVERED' END,
               CASE WHEN n <= 10 THEN timestamptz '2027-01-01' END,
               CASE WHEN n <= 10 THEN timestamptz '2027-01-01' ELSE timestamptz '2026-01-01' END,
               '2027-01-01', '2026-01-01',
               CASE WHEN n > 3010 THEN timestamptz '2026-01-01' END
        FROM generate_series(1, 33010) n
        JOIN tenants t ON t.id = ('20000000-0000-7000-8000-'
            || lpad((CASE n % 600 WHEN 0 THEN 600 ELSE n % 600 END)::text, 12, '0'))::uuid;";

#[tokio::test(flavor = "multi_thread")]
async fn hot_queries_use_their_indexes() {
    let mut filled = Filled::new(FILL).await;
    let (store, owner) = (&filled.database.store, &mut filled.owner);
    let platform = cx(Caller::Platform(PlatformRole::Admin));
    let (client, _) = store
        .client_create(&platform, ClientCreate::new("c", ClientFor::PROVIDER))
        .await
        .unwrap();
    let token = store.token_issue(&client, None).await.unwrap().token;
    let page = PageRequest::first(20);
    let next = PageRequest {
        after: Some(Uuid::from_u128(0x4000_0000_0000_7000_8000_0000_0000_0100)),
        ..page
    };
    let filter = DeploymentFilter::default();
    let mut plans = String::new();
    for caller in [
        Caller::Platform(PlatformRole::Admin),
        Caller::Storefront(storefront(1)),
        Caller::Tenant(tenant(7), Role::Viewer),
    ] {
        let cx = cx(caller);
        let mut explained = async |title: &str| {
            let shown = explain(owner).await;
            plans += &format!("-- {title}, {}\n{shown}\n\n", scope(&cx.actor.caller));
        };
        caught().clear();
        let seen = store.deployment_list(&cx, page, &filter).await.unwrap();
        assert!(
            seen.items.len() >= 10,
            "the scope shows too little to plan for"
        );
        explained("deployments, first page").await;
        caught().clear();
        store.deployment_list(&cx, next, &filter).await.unwrap();
        explained("deployments, next page").await;
        caught().clear();
        store.tenant_list(&cx, page, None).await.unwrap();
        explained("tenants, first page").await;
    }
    plans += &format!("-- claim\n{}\n\n", explain_claim(store, owner).await);
    plans += &format!(
        "-- claim of webhook deliveries\n{}\n\n",
        explain_webhook_claim(store, owner).await
    );
    caught().clear();
    store.token_actor(&token).await.unwrap();
    plans += &format!("-- token\n{}\n", explain(owner).await);
    assert!(!plans.contains("Seq Scan on deployments"), "{plans}");
    assert!(!plans.contains("Seq Scan on access_tokens"), "{plans}");
    assert!(!plans.contains("Seq Scan on operations"), "{plans}");
    assert!(!plans.contains("Seq Scan on webhook_deliveries"), "{plans}");
    insta::assert_snapshot!(plans);
}

/// Explains the claim of an operation, in its scope.
async fn explain_claim(store: &Store, owner: &mut AsyncPgConnection) -> String {
    caught().clear();
    let request = ClaimRequest {
        worker: "worker",
        lease: TimeDelta::seconds(30),
        kinds: OperationKind::ALL,
        per_tenant_limit: 4,
    };
    let (operation, _) = store.operation_claim(&request).await.unwrap().unwrap();
    assert_eq!(
        operation.id.0.as_u128() & 0xffff,
        0x21,
        "the first that waits"
    );
    let ran = caught().clone();
    let query = ran.iter().find(|ran| ran.starts_with("WITH busy")).unwrap();
    explain_in(owner, &ran[0], query).await
}

/// Explains the claim of webhook deliveries, in its scope.
async fn explain_webhook_claim(store: &Store, owner: &mut AsyncPgConnection) -> String {
    caught().clear();
    let request = WebhookClaim {
        lane: WebhookLane::Healthy,
        limit: 16,
        per_endpoint: 4,
        lease: TimeDelta::seconds(60),
    };
    // Without secrets nothing is given out; what is explained is the search.
    store.webhook_claim(&request).await.unwrap();
    let ran = caught().clone();
    let query = ran.iter().find(|ran| ran.starts_with("WITH busy")).unwrap();
    explain_in(owner, &ran[0], query).await
}
