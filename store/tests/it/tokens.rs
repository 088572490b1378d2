//! From a client's secret to a token, and from a token to an actor.

use std::{sync::Arc, time::Duration};

use berth_model::{
    Caller, Client, ClientCreate, ClientFor, ErrorCode, PageRequest, PlatformRole, Role,
};
use berth_store::{Cx, Keyring, Store, StoreConfig, testing::KEYRING};
use chrono::TimeDelta;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_stands_for_its_client_for_an_hour() {
    let world = World::new().await;
    let store = world.store();
    for (acts_for, caller) in [
        (ClientFor::PROVIDER, Caller::Platform(PlatformRole::Admin)),
        (
            ClientFor::Storefront(world.storefront),
            Caller::Storefront(world.storefront),
        ),
        (
            ClientFor::Tenant(world.tenant.id, Role::Support),
            Caller::Tenant(world.tenant.id, Role::Support),
        ),
    ] {
        let made = store
            .client_create(&world.platform, ClientCreate::new("script", acts_for))
            .await;
        let (client, secret) = made.unwrap();
        let secret = secret.unwrap();
        assert!(
            secret.starts_with("bs_") && secret.len() == 46,
            "a secret of another shape"
        );
        let known = store
            .client_authenticate(&client.id.to_string(), &secret)
            .await
            .unwrap();
        assert_eq!(known, client);
        let issued = store.token_issue(&client, None).await.unwrap();
        let (token, expires_at) = (issued.token, issued.expires_at);
        assert!(
            token.starts_with("bt_") && token.len() == 46,
            "a token of another shape"
        );
        let actor = store.token_actor(&token).await.unwrap();
        assert_eq!((actor.caller, actor.client_id), (caller, Some(client.id)));
        assert_eq!((expires_at - client.created_at).num_minutes() / 60, 1);
        world.database.clock.advance(TimeDelta::hours(1));
        let error = store.token_actor(&token).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unauthenticated);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_wrong_look_the_same() {
    let world = World::new().await;
    let store = world.store();
    let made = store
        .client_create(
            &world.platform,
            ClientCreate::new("script", ClientFor::PROVIDER),
        )
        .await;
    let (client, secret) = made.unwrap();
    let secret = secret.unwrap();
    let id = client.id.to_string();
    let unknown = berth_model::ClientId(uuid::Uuid::from_u128(1)).to_string();
    let mut messages = Vec::new();
    for (id, secret) in [
        (id.as_str(), "bs_wrong"),
        (&unknown, &secret),
        ("nonsense", ""),
        (&id, ""),
    ] {
        let error = store.client_authenticate(id, secret).await.unwrap_err();
        messages.push((error.code(), error.message().to_owned(), error.cause_text()));
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].0, ErrorCode::Unauthenticated);
    assert!(store.token_actor("bt_unknown").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_secret_nor_token_is_in_the_database() {
    let world = World::new().await;
    let store = world.store();
    let made = store
        .client_create(
            &world.platform,
            ClientCreate::new("script", ClientFor::PROVIDER),
        )
        .await;
    let (client, secret) = made.unwrap();
    let token = store.token_issue(&client, None).await.unwrap().token;
    let dump = world
        .text(
            "SELECT (SELECT string_agg(c::text, ' ') FROM clients c) || ' ' ||
                (SELECT string_agg(t::text, ' ') FROM access_tokens t) AS line",
        )
        .await;
    assert!(
        dump.contains(&client.id.0.to_string()),
        "the dump shows no client"
    );
    for text in [secret.unwrap(), token] {
        assert!(
            !dump.contains(&text[3..]) && !dump.contains(&hex(&text)),
            "kept in the clear"
        );
    }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn authentications_leave_connections_to_everybody_else() {
    const WAITING: &str = "
        SELECT count(*) AS number FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE NOT granted AND datname = current_database() AND relation = 'clients'::regclass";
    let world = World::new().await;
    let database = &world.database;
    let config = StoreConfig {
        url: database.app_url.clone(),
        max_connections: 4,
        wait: Duration::from_secs(30),
    };
    let keyring = Arc::new(Keyring::parse(KEYRING).unwrap());
    let (clock, ids) = (database.clock.clone(), database.ids.clone());
    let store = Store::new(&config, clock, ids, keyring).unwrap();
    let mut owner = AsyncPgConnection::establish(&database.owner_url)
        .await
        .unwrap();
    owner
        .batch_execute("BEGIN; LOCK TABLE clients IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let flood: Vec<_> = (0..20)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                if number % 2 == 0 {
                    store.client_authenticate("x", "bs_x").await.map(|_| ())
                } else {
                    store.token_actor("bt_x").await.map(|_| ())
                }
            })
        })
        .collect();
    while database.number(WAITING).await < 2 {}
    let first = PageRequest::first(1);
    let others = (0..2).map(|_| store.site_list(&world.platform, first));
    for listed in futures::future::join_all(others).await {
        listed.unwrap();
    }
    assert_eq!(database.number(WAITING).await, 2, "half of four");
    owner.batch_execute("ROLLBACK").await.unwrap();
    for one in flood {
        let error = one.await.unwrap().unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unauthenticated);
    }
}

/// A token of `client` that opens only this.
async fn narrow(world: &World, client: &Client, scopes: &str) -> Cx {
    let issued = world
        .store()
        .token_issue(client, Some(scopes.parse().unwrap()))
        .await
        .unwrap();
    Cx::new(world.store().token_actor(&issued.token).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_no_more_than_its_scopes() {
    let world = World::new().await;
    let store = world.store();
    let create = ClientCreate::new("script", ClientFor::PROVIDER);
    let (client, _) = store.client_create(&world.platform, create).await.unwrap();
    let page = PageRequest::first(1);
    let fleet = narrow(&world, &client, "fleet:read").await;
    store.machine_list(&fleet, page, &[]).await.unwrap();
    let refused = store.tenant_list(&fleet, page, None).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert!(refused.message().contains("tenant:read"), "{refused}");
    let reader = narrow(&world, &client, "tenant:read client:read").await;
    store.tenant_list(&reader, page, None).await.unwrap();
    assert!(store.client_delete(&reader, client.id).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_tokens_of_its_own_scopes_only() {
    let world = World::new().await;
    let store = world.store();
    let tenant = ClientFor::Tenant(world.tenant.id, Role::Viewer);
    let with = |acts_for, scopes: &str| ClientCreate {
        scopes: Some(scopes.parse().unwrap()),
        ..ClientCreate::new("script", acts_for)
    };
    for (acts_for, scopes) in [
        (ClientFor::PROVIDER, ""),
        (tenant, "fleet:read"),
        (tenant, "tenant:read secret:read"),
        (ClientFor::Storefront(world.storefront), "fleet:admin"),
    ] {
        let made = store.client_create(&world.platform, with(acts_for, scopes));
        let refused = made.await.unwrap_err();
        assert_eq!(refused.field(), Some("scopes"), "{acts_for:?} {scopes}");
    }
    let create = with(ClientFor::PROVIDER, "tenant:read audit:read");
    let (client, _) = store.client_create(&world.platform, create).await.unwrap();
    let issued = store.token_issue(&client, None).await.unwrap();
    assert_eq!(issued.scopes.to_string(), "tenant:read audit:read");
    let actor = store.token_actor(&issued.token).await.unwrap();
    assert_eq!(actor.scopes, issued.scopes);
    let more = Some("tenant:write".parse().unwrap());
    let refused = store.token_issue(&client, more).await.unwrap_err();
    assert_eq!(refused.field(), Some("scope"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_rotated_is_taken_as_long_as_was_said() {
    let world = World::new().await;
    let (store, platform) = (world.store(), &world.platform);
    let create = ClientCreate::new("script", ClientFor::PROVIDER);
    let (client, first) = store.client_create(platform, create).await.unwrap();
    let id = client.id.to_string();
    let knows = async |secret: &str| store.client_authenticate(&id, secret).await.is_ok();
    let first = first.unwrap();
    let rotate = async |keep| {
        let made = store.client_secret_rotate(platform, client.id, keep).await;
        made.unwrap().1.unwrap()
    };
    let second = rotate(TimeDelta::hours(2)).await;
    assert!(knows(&first).await && knows(&second).await);
    world.database.clock.advance(TimeDelta::hours(2));
    assert!(!knows(&first).await && knows(&second).await);
    let third = rotate(TimeDelta::zero()).await;
    assert!(!knows(&first).await && !knows(&second).await && knows(&third).await);
    for keep in [TimeDelta::seconds(-1), TimeDelta::days(8)] {
        let refused = store.client_secret_rotate(platform, client.id, keep).await;
        assert_eq!(refused.unwrap_err().field(), Some("keepSeconds"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_ends_with_its_tokens() {
    let world = World::new().await;
    let (store, platform) = (world.store(), &world.platform);
    let create = ClientCreate::new("script", ClientFor::PROVIDER);
    let (client, secret) = store.client_create(platform, create).await.unwrap();
    let token = store.token_issue(&client, None).await.unwrap().token;
    store.client_delete(platform, client.id).await.unwrap();
    assert!(store.token_actor(&token).await.is_err());
    let (id, secret) = (client.id.to_string(), secret.unwrap());
    let again = store.client_authenticate(&id, &secret).await;
    assert_eq!(again.unwrap_err().code(), ErrorCode::Unauthenticated);
    let gone = store.client_delete(platform, client.id).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_revoked_at_once_and_by_its_own_client_alone() {
    let world = World::new().await;
    let (store, platform) = (world.store(), &world.platform);
    let create = || ClientCreate::new("script", ClientFor::PROVIDER);
    let (client, _) = store.client_create(platform, create()).await.unwrap();
    let (other, _) = store.client_create(platform, create()).await.unwrap();
    let token = store.token_issue(&client, None).await.unwrap().token;
    let refused = store.token_revoke(&other, &token).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
    assert!(store.token_actor(&token).await.is_ok());
    store.token_revoke(&client, &token).await.unwrap();
    assert!(store.token_actor(&token).await.is_err());
    store.token_revoke(&client, &token).await.unwrap();
}
