//! The outbox of notices: who may write one, who may read it, and how it gets out.

use berth_model::{
    EmailAddress, ErrorCode, Locale, NoticeBody, NoticeKind, NoticeState, Result, Scope,
    StorefrontId, TenantId,
};
use berth_store::{
    KeyUse, Keyring, NewNotice, NoticeFailure, NoticeWork, Store, Wake,
    testing::{self, KEYRING, logs, store_with},
};
use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;

use crate::world::{World, connect};

const CODE: &str = "482 913";

fn code() -> NoticeBody {
    logs::plant("mail code", CODE);
    NoticeBody::PasswordReset {
        code: CODE.to_owned(),
    }
}

/// What is written, and for whom: a part of a test's notice.
struct Draft {
    tenant_id: TenantId,
    storefront_id: Option<StorefrontId>,
    locale: Option<Locale>,
    dedupe_key: Option<&'static str>,
    body: NoticeBody,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            tenant_id: TenantId::PLATFORM,
            storefront_id: None,
            locale: None,
            dedupe_key: None,
            body: NoticeBody::SecondFactorOn,
        }
    }
}

async fn write(world: &World, scope: Scope, draft: Draft) -> Result<()> {
    let email: EmailAddress = "anna@example.org".parse().unwrap();
    let notice = NewNotice {
        tenant_id: draft.tenant_id,
        storefront_id: draft.storefront_id,
        name: "Anna",
        email: &email,
        locale: draft.locale,
        body: &draft.body,
        dedupe_key: draft.dedupe_key.map(str::to_owned),
    };
    testing::notice_write(world.store(), scope, notice).await
}

async fn put(world: &World, draft: Draft) {
    write(world, Scope::Auth, draft).await.unwrap();
}

async fn claim(world: &World) -> Vec<NoticeWork> {
    let lease = TimeDelta::seconds(60);
    world.store().notice_claim(100, lease).await.unwrap()
}

fn kinds(claimed: &[NoticeWork]) -> Vec<NoticeKind> {
    let kind = |work: &NoticeWork| work.notice.body.kind();
    claimed.iter().map(kind).collect()
}

fn retry(world: &World, wait: TimeDelta) -> NoticeFailure {
    NoticeFailure {
        is_final: false,
        retry_at: berth_model::Clock::now(&*world.database.clock) + wait,
    }
}

async fn states(world: &World) -> String {
    let query =
        "SELECT coalesce(string_agg(state || ' ' || (sealed IS NULL), ', ' ORDER BY id), '')
                 AS line FROM notices";
    world.text(query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_written_in_every_scope() {
    let world = World::new().await;
    let (tenant, shop) = (world.tenant.id, world.storefront);
    for scope in [
        Scope::Tenant(tenant),
        Scope::Storefront(shop),
        Scope::platform("test"),
        Scope::Worker,
    ] {
        for (tenant_id, storefront_id) in [
            (tenant, Some(shop)),
            (TenantId::PLATFORM, Some(shop)),
            (TenantId::PLATFORM, None),
        ] {
            let draft = Draft {
                tenant_id,
                storefront_id,
                dedupe_key: Some("the same"),
                ..Draft::default()
            };
            write(&world, scope, draft).await.unwrap();
        }
    }
    put(&world, Draft::default()).await;
    // One of each tenant's key, whoever wrote it first, and the one without a key.
    assert_eq!(claim(&world).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_others_nothing_is_written_and_nothing_is_read_by_those_who_write() {
    let world = World::new().await;
    let other = world.other_tenant.storefront_id.unwrap();
    for scope in [
        Scope::Tenant(world.tenant.id),
        Scope::Storefront(world.storefront),
    ] {
        for (tenant_id, storefront_id) in [
            (world.other_tenant.id, None),
            (TenantId::PLATFORM, Some(other)),
        ] {
            let draft = Draft {
                tenant_id,
                storefront_id,
                ..Draft::default()
            };
            let refused = write(&world, scope, draft).await.unwrap_err();
            assert!(refused.cause_text().contains("row-level security"));
        }
    }
    put(&world, Draft::default()).await;
    let mut connection = connect(&world.database.app_url).await;
    for role in ["tenant", "storefront", "platform", "auth"] {
        for statement in [
            "SELECT FROM notices",
            "SELECT recipient_email FROM notices",
            "UPDATE notices SET state = 'SENT'",
            "DELETE FROM notices",
            "INSERT INTO notices SELECT * FROM notices RETURNING id",
        ] {
            let sql = format!("BEGIN; SET LOCAL ROLE berth_{role}; {statement}; COMMIT");
            let refused = connection.batch_execute(&sql).await.unwrap_err();
            assert!(
                refused.to_string().contains("permission denied"),
                "{sql}: {refused}"
            );
            connection.batch_execute("ROLLBACK").await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_brings_its_brand_and_the_readers_language() {
    let world = World::new().await;
    let sql = format!(
        "UPDATE storefronts SET locale = 'DE', accent_color = '#1a4b8c', sender_email = 'post@shop.example'
         WHERE id = '{}'",
        world.storefront.0
    );
    world.database.sql(&sql).await;
    for (storefront_id, locale) in [
        (None, None),
        (Some(world.storefront), None),
        (Some(world.storefront), Some(Locale::Fr)),
    ] {
        let draft = Draft {
            storefront_id,
            locale,
            ..Draft::default()
        };
        put(&world, draft).await;
    }
    let claimed = claim(&world).await;
    let told: Vec<_> = claimed
        .iter()
        .map(|work| {
            let brand = work.notice.brand.as_ref().map(|brand| brand.name.as_str());
            (brand, work.notice.recipient.locale)
        })
        .collect();
    assert_eq!(
        told,
        [
            (None, Locale::En),
            (Some("Shop"), Locale::De),
            (Some("Shop"), Locale::Fr)
        ]
    );
    let brand = claimed[1].notice.brand.as_ref().unwrap();
    assert_eq!(brand.accent_color.unwrap().to_string(), "#1a4b8c");
    assert_eq!(
        brand.sender_email.as_ref().unwrap().as_str(),
        "post@shop.example"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_ends_with_its_lease_and_who_is_late_writes_nothing() {
    let world = World::new().await;
    let store = world.store();
    put(&world, Draft::default()).await;
    let first = claim(&world).await.remove(0);
    assert!(claim(&world).await.is_empty(), "it is claimed");
    world.database.clock.advance(TimeDelta::seconds(61));
    let second = claim(&world).await.remove(0);
    assert_eq!(
        (second.notice.clone(), second.attempt),
        (first.notice.clone(), 2)
    );
    let late = store.notice_sent(&first).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::ClaimLost);
    let late = store
        .notice_failed(&first, retry(&world, TimeDelta::zero()))
        .await;
    assert_eq!(late.unwrap_err().code(), ErrorCode::ClaimLost);
    store.notice_sent(&second).await.unwrap();
    let twice = store.notice_sent(&second).await.unwrap_err();
    assert_eq!(twice.code(), ErrorCode::ClaimLost);
    assert_eq!(states(&world).await, "SENT true");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_postmen_have_no_notice_in_common() {
    let world = World::new().await;
    for _ in 0..20 {
        put(&world, Draft::default()).await;
    }
    let take = || world.store().notice_claim(6, TimeDelta::seconds(60));
    let taken = futures::future::try_join_all([take(), take(), take(), take()]);
    let taken: Vec<NoticeWork> = taken.await.unwrap().into_iter().flatten().collect();
    let mut ids: Vec<_> = taken.iter().map(|work| work.notice.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), taken.len());
    assert_eq!(taken.len() + claim(&world).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_go_first_and_are_of_no_use_after_a_quarter_of_an_hour() {
    let world = World::new().await;
    let store = world.store();
    put(&world, Draft::default()).await;
    world.database.clock.advance(TimeDelta::seconds(1));
    put(
        &world,
        Draft {
            body: code(),
            ..Draft::default()
        },
    )
    .await;
    let claimed = claim(&world).await;
    assert_eq!(
        kinds(&claimed),
        [NoticeKind::PasswordReset, NoticeKind::SecondFactorOn]
    );
    assert_eq!(claimed[0].notice.body, code());
    let wait = retry(&world, TimeDelta::minutes(10));
    for work in &claimed {
        let state = store.notice_failed(work, wait).await.unwrap();
        assert_eq!(state, NoticeState::Queued);
    }
    world.database.clock.advance(TimeDelta::minutes(10));
    let claimed = claim(&world).await;
    let wait = retry(&world, TimeDelta::minutes(10));
    let mut after = Vec::new();
    for work in &claimed {
        after.push(store.notice_failed(work, wait).await.unwrap());
    }
    assert_eq!(after, [NoticeState::Failed, NoticeState::Queued]);
    // One that nobody came to send in time is not sent later.
    put(
        &world,
        Draft {
            body: code(),
            ..Draft::default()
        },
    )
    .await;
    world.database.clock.advance(TimeDelta::minutes(15));
    let claimed = claim(&world).await;
    assert_eq!(kinds(&claimed), [NoticeKind::SecondFactorOn]);
    assert_eq!(
        states(&world).await,
        "QUEUED false, FAILED true, FAILED true"
    );
    let last = retry(&world, TimeDelta::hours(72));
    let state = store.notice_failed(&claimed[0], last).await.unwrap();
    assert_eq!(state, NoticeState::Failed, "three days are over by then");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_tells_nothing_and_goes_after_a_month() {
    let world = World::new().await;
    let store = world.store();
    let plain = "SELECT (string_agg(sealed, '') LIKE '%482%')::text AS line FROM notices";
    for _ in 0..3 {
        put(
            &world,
            Draft {
                body: code(),
                ..Draft::default()
            },
        )
        .await;
    }
    assert_eq!(world.text(plain).await, "false", "it is sealed");
    world.database.clock.advance(TimeDelta::milliseconds(2500));
    let depth = store.notice_depth().await.unwrap();
    assert_eq!(
        (depth.queued, depth.oldest),
        (3, Some(TimeDelta::milliseconds(2500)))
    );
    let claimed = claim(&world).await;
    let refused = NoticeFailure {
        is_final: true,
        ..retry(&world, TimeDelta::zero())
    };
    store.notice_sent(&claimed[0]).await.unwrap();
    store.notice_failed(&claimed[1], refused).await.unwrap();
    store.notice_discarded(&claimed[2]).await.unwrap();
    assert_eq!(
        states(&world).await,
        "SENT true, FAILED true, DISCARDED true"
    );
    let depth = store.notice_depth().await.unwrap();
    assert_eq!((depth.queued, depth.oldest), (0, None));
    world.database.clock.advance(TimeDelta::days(29));
    assert_eq!(store.notice_purge(10).await.unwrap(), 0);
    world.database.clock.advance(TimeDelta::days(1));
    assert_eq!(store.notice_purge(2).await.unwrap(), 2);
    assert_eq!(store.notice_purge(2).await.unwrap(), 1);
    assert_eq!(states(&world).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_reaches_what_waits_and_what_is_over_needs_none() {
    const NEW: &str = "a:202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
    let world = World::new().await;
    put(
        &world,
        Draft {
            body: code(),
            ..Draft::default()
        },
    )
    .await;
    let sent = claim(&world).await.remove(0);
    world.store().notice_sent(&sent).await.unwrap();
    put(
        &world,
        Draft {
            body: code(),
            ..Draft::default()
        },
    )
    .await;
    let with = |lines: &str| -> Store {
        let (clock, ids) = (world.database.clock.clone(), world.database.ids.clone());
        let keyring = Keyring::parse(lines).unwrap();
        store_with(&world.database.app_url, clock, ids, keyring)
    };
    let both = with(&format!("{KEYRING}\n{NEW}"));
    assert_eq!(both.keys_rotate(10, &[]).await.unwrap().sealed, 1);
    assert!(
        both.keys_list()
            .await
            .unwrap()
            .iter()
            .any(KeyUse::is_needless)
    );
    let lease = TimeDelta::seconds(60);
    // Who has not got the key leaves it to others, and says nothing of it.
    assert!(claim(&world).await.is_empty());
    world.database.clock.advance(TimeDelta::seconds(61));
    let claimed = with(NEW).notice_claim(10, lease).await.unwrap();
    assert_eq!(claimed[0].notice.body, code());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_it_is_woken() {
    let world = World::new().await;
    let feed = world.store().operation_feed();
    let mut hints = feed.subscribe();
    assert_eq!(hints.next().await, Wake::Listening);
    put(&world, Draft::default()).await;
    while hints.next().await != Wake::Notice {}
}

#[test]
fn no_code_is_in_what_is_logged() {
    assert_eq!(format!("{:?}", code()), "NoticeBody(PASSWORD_RESET)");
}
