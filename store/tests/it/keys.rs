//! Key rotation on the real database: in parts, beside those who read, and without loss.

use berth_model::{DeploymentId, ErrorCode, Sha256};
use berth_store::{
    Cx, IdempotencyKey, KeyUse, Keyring, Rotation, Store,
    testing::{KEYRING, logs, store_with},
};
use chrono::TimeDelta;
use futures::future::try_join_all;
use hmac::{Hmac, Mac};

use crate::world::{World, tenant_input};

/// In the order of ids it comes before the first key, `test`.
const NEW: &str = "a:202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\n";

fn keyring(lines: &[&str]) -> Keyring {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    for line in &lines {
        logs::plant("keyring key", logs::key(line));
    }
    Keyring::parse(&lines.join("\n")).unwrap()
}

/// The same database with another keyring.
fn with_keys(world: &World, lines: &[&str]) -> Store {
    let (clock, ids) = (world.database.clock.clone(), world.database.ids.clone());
    store_with(&world.database.app_url, clock, ids, keyring(lines))
}

/// Orders of `world.tenant`, each with a sealed password.
async fn orders(world: &World, store: &Store, count: usize) -> Vec<DeploymentId> {
    let mut made = Vec::new();
    for index in 0..count {
        let name = format!("order-{index}.example.org");
        let order = world.order(&world.tenant, &world.small, &name);
        let (deployment, _) = store.deployment_create(&world.shop, order).await.unwrap();
        made.push(deployment.id);
    }
    made
}

async fn passwords(world: &World, store: &Store, ids: &[DeploymentId]) -> Vec<String> {
    let all = ids.iter().map(|id| async {
        let handover = store.deployment_handover(&world.shop, *id).await;
        handover.map(|handover| handover.initial_password)
    });
    let told = try_join_all(all).await.unwrap();
    told.into_iter().map(Option::unwrap).collect()
}

async fn rotate_all(store: &Store) -> usize {
    let (mut sealed, mut failed) = (0, Vec::new());
    loop {
        let done = store.keys_rotate(2, &failed).await.unwrap();
        sealed += done.sealed;
        failed.extend(done.failed.clone());
        if done == Rotation::default() {
            assert_eq!(failed, Vec::<String>::new());
            return sealed;
        }
    }
}

fn in_use(id: &str, newest: bool, secrets: i64, requests: i64) -> KeyUse {
    KeyUse {
        id: id.to_owned(),
        known: true,
        newest,
        secrets,
        requests,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_takes_over_in_parts_and_the_old_one_can_go() {
    let world = World::new().await;
    let ids = orders(&world, world.store(), 5).await;
    let before = passwords(&world, world.store(), &ids).await;
    let both = with_keys(&world, &[KEYRING, NEW]);
    let listed = both.keys_list().await.unwrap();
    assert_eq!(
        listed,
        [in_use("test", false, 5, 0), in_use("a", true, 0, 0)]
    );
    // Stopped after a part, and begun again.
    let part = both.keys_rotate(2, &[]).await.unwrap();
    assert_eq!((part.sealed, part.failed), (2, Vec::new()));
    let listed = both.keys_list().await.unwrap();
    assert_eq!(
        listed,
        [in_use("test", false, 3, 0), in_use("a", true, 2, 0)]
    );
    assert!(!listed[0].is_needless());
    assert_eq!(passwords(&world, &both, &ids).await, before);
    assert_eq!(rotate_all(&both).await, 3);
    assert_eq!(
        rotate_all(&both).await,
        0,
        "a second time there is nothing to do"
    );
    let listed = both.keys_list().await.unwrap();
    assert!(
        listed[0].is_needless() && !listed[1].is_needless(),
        "{listed:?}"
    );
    let new = with_keys(&world, &[NEW]);
    assert_eq!(passwords(&world, &new, &ids).await, before);
    let error = world.store().deployment_handover(&world.shop, ids[0]).await;
    assert_eq!(error.err().unwrap().code(), ErrorCode::Internal);
    let listed = world.store().keys_list().await.unwrap();
    let missing = listed.iter().find(|key| !key.known).unwrap();
    assert_eq!((missing.id.as_str(), missing.secrets), ("a", 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rotations_at_once_beside_readers_and_orders_lose_nothing() {
    let world = World::new().await;
    let ids = orders(&world, world.store(), 12).await;
    let before = passwords(&world, world.store(), &ids).await;
    let both = with_keys(&world, &[KEYRING, NEW]);
    let (one, other, read, made) = tokio::join!(
        rotate_all(&both),
        rotate_all(&both),
        async {
            for _ in 0..10 {
                assert_eq!(passwords(&world, &both, &ids).await, before);
            }
        },
        // A process that doesn't know the new key yet seals with the old one.
        async {
            let order = world.order(&world.tenant, &world.small, "late.example.org");
            let made = world.store().deployment_create(&world.shop, order).await;
            made.unwrap().0.id
        }
    );
    let () = read;
    // The late one may have come too late for both of them.
    let rest = rotate_all(&both).await;
    assert_eq!(one + other + rest, 13);
    let new = with_keys(&world, &[NEW]);
    assert_eq!(passwords(&world, &new, &ids).await, before);
    assert_eq!(
        passwords(&world, &new, &[made]).await[0].len(),
        before[0].len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_open_is_named_and_stops_nothing() {
    let world = World::new().await;
    let ids = orders(&world, world.store(), 3).await;
    let (tenant, spoilt) = (world.tenant.id, ids[1]);
    // A bit of its own key, which is all that a rotation opens.
    let spoil = format!(
        "UPDATE deployment_secrets SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)
         WHERE deployment_id = '{}'",
        spoilt.0
    );
    world.database.sql(&spoil).await;
    let both = with_keys(&world, &[KEYRING, NEW]);
    let part = both.keys_rotate(100, &[]).await.unwrap();
    let place = format!("{tenant}/{spoilt}/administratorPassword");
    assert_eq!((part.sealed, &part.failed), (2, &vec![place.clone()]));
    let again = both.keys_rotate(100, &[place]).await.unwrap();
    assert_eq!(again, Rotation::default());
    let listed = both.keys_list().await.unwrap();
    assert_eq!(
        listed,
        [in_use("test", false, 1, 0), in_use("a", true, 2, 0)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_recognised_after_its_key_is_no_longer_the_newest() {
    let world = World::new().await;
    let cx: Cx = world
        .shop
        .clone()
        .with_key(IdempotencyKey::parse("k").unwrap());
    let first = world
        .store()
        .tenant_create(&cx, tenant_input("Carla", "c"))
        .await
        .unwrap();
    let both = with_keys(&world, &[KEYRING, NEW]);
    let again = both.tenant_create(&cx, tenant_input("Carla", "c")).await;
    assert_eq!(again.unwrap().id, first.id);
    let other = both.tenant_create(&cx, tenant_input("Carla", "d")).await;
    assert_eq!(other.unwrap_err().code(), ErrorCode::IdempotencyKeyReused);
    let listed = both.keys_list().await.unwrap();
    assert_eq!(
        listed,
        [in_use("test", false, 0, 1), in_use("a", true, 0, 0)]
    );
    // Without its key a request can't be told from another: nothing is done twice, nothing told.
    let new = with_keys(&world, &[NEW]);
    let unknown = new.tenant_create(&cx, tenant_input("Carla", "c")).await;
    assert_eq!(unknown.unwrap_err().code(), ErrorCode::Internal);
    // After a day it is forgotten, and the key with it.
    world.database.clock.advance(TimeDelta::hours(25));
    assert!(both.keys_list().await.unwrap()[0].is_needless());
    let later = new.tenant_create(&cx, tenant_input("Dora", "e")).await;
    assert_ne!(later.unwrap().id, first.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_an_older_berth_hashed_is_recognised() {
    let world = World::new().await;
    let cx = (world.shop.clone()).with_key(IdempotencyKey::parse("k").unwrap());
    let input = tenant_input("Carla", "c");
    let first = world.store().tenant_create(&cx, input.clone()).await;
    // As an older Berth wrote it: HMAC-SHA-256 under the key itself, without the key's id.
    let key: Sha256 = logs::key(KEYRING).parse().unwrap();
    let mut hash = Hmac::<sha2::Sha256>::new_from_slice(&key.0).unwrap();
    hash.update(&serde_json::to_vec(&input).unwrap());
    let hash = Sha256(hash.finalize().into_bytes().into());
    world
        .database
        .sql(&format!(
            "UPDATE idempotency_keys SET key_id = NULL, request_hash = '\\x{hash}'"
        ))
        .await;
    let both = with_keys(&world, &[KEYRING, NEW]);
    let again = both.tenant_create(&cx, input).await.unwrap();
    assert_eq!(again.id, first.unwrap().id);
    let other = both.tenant_create(&cx, tenant_input("Carla", "d")).await;
    assert_eq!(other.unwrap_err().code(), ErrorCode::IdempotencyKeyReused);
}
