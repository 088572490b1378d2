//! Resellers: tenants of the provider's realm that own storefronts.

use berth_model::{
    AuditFilter, Caller, Client, ClientCreate, ClientFor, ErrorCode, PageRequest, Role,
    StorefrontChanges, StorefrontId, Tenant, TenantId,
};
use berth_store::Cx;
use chrono::TimeDelta;

use crate::{
    walls::{as_tenant, attempt, enter, is_walled},
    world::{World, tenant_input, with_key},
};

struct Resold {
    world: World,
    tenant: Tenant,
    owner: Cx,
    /// Of the storefront that nobody resells.
    other: StorefrontId,
}

impl Resold {
    /// The first storefront is resold, the other is the provider's own.
    async fn new() -> Self {
        let world = World::new().await;
        let tenant = world
            .store()
            .tenant_create(&world.platform, tenant_input("Rita", "r"))
            .await
            .unwrap();
        let owner = world.member(&tenant, Role::Owner).await;
        let Caller::Storefront(other) = world.other_shop.actor.caller else {
            panic!("a storefront");
        };
        let resold = Self {
            world,
            tenant,
            owner,
            other,
        };
        resold.give(Some(resold.tenant.id)).await.unwrap();
        resold
    }

    async fn give(&self, reseller: Option<TenantId>) -> berth_model::Result<()> {
        let changes = StorefrontChanges {
            reseller_id: Some(reseller),
            ..Default::default()
        };
        let world = &self.world;
        let given = world
            .store()
            .storefront_update(&world.platform, world.storefront, changes);
        given.await.map(drop)
    }

    async fn client(&self, id: StorefrontId) -> berth_model::Result<(Client, Option<String>)> {
        let input = ClientCreate::new("shop", ClientFor::Storefront(id));
        let store = self.world.store();
        store.client_create(&self.owner, input).await
    }
}

fn renamed() -> StorefrontChanges {
    StorefrontChanges {
        name: Some("Pier".to_owned()),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sees_and_changes_its_storefronts_and_no_others() {
    let resold = Resold::new().await;
    let (store, own) = (resold.world.store(), resold.world.storefront);
    let seen = store.storefront_list(&resold.owner, PageRequest::first(10));
    let seen: Vec<_> = seen.await.unwrap().items;
    assert_eq!(seen.iter().map(|shop| shop.id).collect::<Vec<_>>(), [own]);
    let reseller = store
        .reseller_by_storefront_ids(&resold.owner, &[own])
        .await;
    assert_eq!(reseller.unwrap()[&own].id, resold.tenant.id);
    for role in Role::TENANT {
        let member = resold.world.member(&resold.tenant, *role).await;
        let changed = store.storefront_update(&member, own, renamed()).await;
        let may = matches!(role, Role::Owner | Role::Admin);
        assert_eq!(changed.is_ok(), may, "{role}");
    }
    let other = store.storefront_update(&resold.owner, resold.other, renamed());
    assert_eq!(other.await.unwrap_err().code(), ErrorCode::NotFound);
    // Its customers' tenants are the storefront's to act for, by a client of the storefront.
    let tenant = store.tenant_get(&resold.owner, resold.world.tenant.id);
    assert_eq!(tenant.await.unwrap_err().code(), ErrorCode::NotFound);
    // Nor does such a tenant see or change more than the storefront that it came through.
    let customer = resold.world.member(&resold.world.tenant, Role::Owner).await;
    let changed = store.storefront_update(&customer, own, renamed()).await;
    assert_eq!(changed.unwrap_err().code(), ErrorCode::NotFound);
    let hidden = store.reseller_by_storefront_ids(&customer, &[own]).await;
    assert!(hidden.unwrap().is_empty());
    resold.give(None).await.unwrap();
    let gone = store.storefront_get(&resold.owner, own).await;
    assert_eq!(gone.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_makes_rotates_and_deletes_the_clients_of_its_storefronts() {
    let resold = Resold::new().await;
    let (world, owner) = (&resold.world, &resold.owner);
    let store = world.store();
    let (client, secret) = resold.client(world.storefront).await.unwrap();
    let (id, first) = (client.id.to_string(), secret.unwrap());
    let keep = TimeDelta::hours(1);
    let rotated = store.client_secret_rotate(owner, client.id, keep).await;
    let second = rotated.unwrap().1.unwrap();
    for secret in [&first, &second] {
        let known = store.client_authenticate(&id, secret).await.unwrap();
        assert_eq!(known.acts_for, ClientFor::Storefront(world.storefront));
    }
    world.database.clock.advance(keep);
    assert!(store.client_authenticate(&id, &first).await.is_err());
    let key = with_key(owner, "delete");
    for _ in 0..2 {
        assert_eq!(
            store.client_delete(&key, client.id).await.unwrap(),
            client.id
        );
    }
    assert!(store.client_authenticate(&id, &second).await.is_err());
    let refused = resold.client(resold.other).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    assert_eq!(refused.field(), Some("storefrontId"));
    let foreign = world.other_shop.actor.client_id.unwrap();
    let gone = store.client_delete(owner, foreign).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NotFound);
    // Its own scripts, and the provider's, stay the provider's to make.
    for acts_for in [
        ClientFor::PROVIDER,
        ClientFor::Tenant(resold.tenant.id, Role::Owner),
    ] {
        let made = store.client_create(owner, ClientCreate::new("x", acts_for));
        assert_eq!(made.await.unwrap_err().code(), ErrorCode::Forbidden);
    }
    let script = owner.actor.client_id.unwrap();
    let gone = store.client_delete(owner, script).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_does_is_in_its_own_log() {
    let resold = Resold::new().await;
    let (store, owner) = (resold.world.store(), &resold.owner);
    store
        .storefront_update(owner, resold.world.storefront, renamed())
        .await
        .unwrap();
    resold.client(resold.world.storefront).await.unwrap();
    let page = PageRequest::first(10);
    let log = store
        .audit_entry_list(owner, page, resold.tenant.id, &AuditFilter::default())
        .await
        .unwrap();
    let told: Vec<_> = log
        .items
        .iter()
        .map(|entry| entry.action.as_str())
        .collect();
    for action in ["storefrontUpdate", "clientCreate"] {
        assert!(told.contains(&action), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_a_tenant_that_the_provider_made_for_itself() {
    let resold = Resold::new().await;
    for (id, code) in [
        (resold.world.tenant.id, ErrorCode::InvalidInput),
        (TenantId::PLATFORM, ErrorCode::InvalidInput),
        (TenantId(uuid::Uuid::max()), ErrorCode::NotFound),
    ] {
        let refused = resold.give(Some(id)).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.field()),
            (code, Some("resellerId"))
        );
    }
    // And stays one.
    let moved = format!(
        "DELETE FROM members; UPDATE tenants SET storefront_id = '{}' WHERE id = '{}'
         RETURNING name AS line",
        resold.other.0, resold.tenant.id.0
    );
    let mut owner = crate::world::connect(&resold.world.database.owner_url).await;
    let moved = diesel_async::SimpleAsyncConnection::batch_execute(&mut owner, &moved).await;
    let refused = moved.unwrap_err().to_string();
    assert!(refused.contains("foreign key"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_sql_reaches_no_further() {
    let resold = Resold::new().await;
    let (world, tenant) = (&resold.world, resold.tenant.id);
    let mut connection = enter(world, "berth_tenant", &as_tenant(tenant)).await;
    let (own, other) = (world.storefront.0, resold.other.0);
    let client = |kind: &str, storefront: &str, tenant: TenantId, role: &str| {
        format!(
            "INSERT INTO clients (id, kind, name, storefront_id, tenant_id, role, secret_hash, created_at)
             VALUES (gen_random_uuid(), '{kind}', 'x', {storefront}, '{}', {role}, 'x', now())",
            tenant.0
        )
    };
    let (platform, ours) = (TenantId::PLATFORM, format!("'{own}'"));
    let theirs = format!("'{other}'");
    for good in [
        format!("UPDATE storefronts SET name = 'x' WHERE id = '{own}'"),
        client("STOREFRONT", &ours, platform, "NULL"),
        format!("DELETE FROM clients WHERE storefront_id = '{own}'"),
    ] {
        let done = attempt(&mut connection, &good).await;
        assert!(matches!(done, Ok(1..)), "{good}: {done:?}");
    }
    for bad in [
        format!("UPDATE storefronts SET name = 'x' WHERE id = '{other}'"),
        format!("UPDATE storefronts SET host = 'x' WHERE id = '{own}'"),
        format!("UPDATE storefronts SET sender_email = 'a@b' WHERE id = '{own}'"),
        "UPDATE storefronts SET reseller_id = NULL".to_owned(),
        "INSERT INTO storefronts (id, name, created_at) VALUES (gen_random_uuid(), 'x', now())"
            .to_owned(),
        format!("DELETE FROM storefronts WHERE id = '{own}'"),
        client("STOREFRONT", &theirs, platform, "NULL"),
        client("STOREFRONT", &theirs, tenant, "NULL"),
        client("STOREFRONT", &ours, tenant, "NULL"),
        client("TENANT", "NULL", tenant, "'OWNER'"),
        client("PLATFORM", "NULL", platform, "NULL"),
        client("PLATFORM", "NULL", tenant, "NULL"),
        format!("DELETE FROM clients WHERE storefront_id = '{other}'"),
        "DELETE FROM clients WHERE kind = 'TENANT'".to_owned(),
        "UPDATE clients SET secret_hash = 'x' WHERE kind = 'TENANT'".to_owned(),
        format!("UPDATE clients SET secret_hash = 'x' WHERE storefront_id = '{other}'"),
        format!("SELECT id FROM clients WHERE storefront_id = '{other}'"),
        "SELECT secret_hash FROM clients".to_owned(),
    ] {
        let done = attempt(&mut connection, &bad).await;
        assert!(is_walled(&done), "{bad}: {done:?}");
    }
}
