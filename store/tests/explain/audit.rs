//! The audit log: each page is a piece of an index, however long the log.

use std::fmt::Write as _;

use berth_model::{AuditFilter, Caller, PageRequest, PlatformRole, Role, Timestamp};

use crate::caught::{Filled, caught, cx, explained, scope, storefront, tenant};

/// 2 storefronts with 50 tenants each; 1,000 lines of each tenant, of 20 actions and a rare one, by
/// 10 actors, one a minute, nine in ten of them completed.
const FILL: &str = "
    INSERT INTO storefronts (id, name, created_at)
        SELECT ('10000000-0000-7000-8000-00000000000' || n)::uuid, 'S', now()
        FROM generate_series(1, 2) n;
    INSERT INTO tenants (id, storefront_id, name, created_at)
        SELECT ('20000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
               ('10000000-0000-7000-8000-00000000000' || n % 2 + 1)::uuid, 'T', now()
        FROM generate_series(1, 100) n;
    INSERT INTO audit_log (id, tenant_id, actor, action, at, opened)
        SELECT (lpad(to_hex(1767225600000 + n * 60000::bigint), 12, '0') || '70008000'
                   || lpad(to_hex(n), 12, '0'))::uuid,
               ('20000000-0000-7000-8000-' || lpad((n % 100 + 1)::text, 12, '0'))::uuid,
               'actor' || abs(hashint4(n)) % 10, CASE WHEN n % 997 = 0 THEN 'rare' ELSE 'action' || abs(hashint4(n + 1000000)) % 20 END,
               timestamptz '2026-01-01Z' + n * interval '1 minute', true
        FROM generate_series(0, 99999) n;
    INSERT INTO audit_outcomes (entry_id, tenant_id, at)
        SELECT id, tenant_id, at FROM audit_log WHERE extract(minute FROM at)::int % 10 <> 0;";

fn filters() -> [(&'static str, AuditFilter); 5] {
    let at = |text: &str| -> Option<Timestamp> { Some(text.parse().unwrap()) };
    let none = AuditFilter::default();
    [
        ("all", none.clone()),
        (
            "an action",
            AuditFilter {
                action: Some("action7".to_owned()),
                ..none.clone()
            },
        ),
        (
            "an actor",
            AuditFilter {
                actor: Some("actor7".to_owned()),
                ..none.clone()
            },
        ),
        (
            "since the middle",
            AuditFilter {
                since: at("2026-02-01T00:00:00Z"),
                ..none.clone()
            },
        ),
        (
            "until the beginning",
            AuditFilter {
                until: at("2026-01-01T00:00:00Z"),
                ..none
            },
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_audit_log_is_a_piece_of_an_index() {
    let mut filled = Filled::new(FILL).await;
    let (store, owner) = (&filled.database.store, &mut filled.owner);
    let page = PageRequest::first(20);
    let mut plans = String::new();
    for caller in [
        Caller::Platform(PlatformRole::Admin),
        Caller::Storefront(storefront(1)),
        Caller::Tenant(tenant(2), Role::Owner),
    ] {
        let cx = cx(caller.clone());
        // The policies are the same whatever is asked for.
        let asked = if caller == Caller::Platform(PlatformRole::Admin) {
            5
        } else {
            1
        };
        for (name, filter) in filters().into_iter().take(asked) {
            caught().clear();
            let list = store.audit_entry_list(&cx, page, tenant(2), &filter);
            let found = list.await.unwrap().items.len();
            assert_eq!(found, if filter.until.is_some() { 0 } else { 20 }, "{name}");
            let (shown, read) = explained(owner).await;
            writeln!(
                plans,
                "-- a tenant's, {name}, {}\n{shown}\n",
                scope(&caller)
            )
            .unwrap();
            assert!(read <= 100, "{name} reads {read} rows\n{plans}");
        }
    }
    let provider = cx(Caller::Platform(PlatformRole::Admin));
    let rare = AuditFilter {
        action: Some("rare".to_owned()),
        ..AuditFilter::default()
    };
    for (name, filter) in filters().into_iter().chain([("a rare action", rare)]) {
        caught().clear();
        let all = store.audit_entry_list_all(&provider, page, &filter);
        all.await.unwrap();
        let (shown, read) = explained(owner).await;
        writeln!(plans, "-- everybody's, {name}\n{shown}\n").unwrap();
        // Of what is frequent the first that come are taken; and a day's lines are looked through
        // for such as a clock put behind their time.
        assert!(read <= 1440, "{name} reads {read} rows\n{plans}");
    }
    insta::assert_snapshot!(plans);
}
