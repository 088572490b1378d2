//! A thousand tenants with 10 members each, of 20 storefronts: what a page costs doesn't grow with
//! what others have.

use std::fmt::Write as _;

use berth_model::{Caller, PageRequest, PlatformRole, Role};
use berth_store::DeploymentFilter;

use crate::caught::{Filled, caught, cx, explained, scope, storefront, tenant};

/// Also 10 deployments of each tenant. The last storefront's tenants and deployments are the
/// youngest: pages are in the order of ids, so that all others stand before them.
const FILL: &str = "
    INSERT INTO storefronts (id, name, created_at)
        SELECT ('10000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'S', now()
        FROM generate_series(0, 19) n;
    INSERT INTO tenants (id, storefront_id, name, created_at)
        SELECT ('20000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               ('10000000-0000-7000-8000-' || lpad(to_hex(n / 50), 12, '0'))::uuid, 'T', now()
        FROM generate_series(0, 999) n;
    INSERT INTO accounts (id, storefront_id, email, name, created_at)
        SELECT ('80000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               ('10000000-0000-7000-8000-' || lpad(to_hex(n / 500), 12, '0'))::uuid,
               n || '@example.org', 'A', now()
        FROM generate_series(0, 9999) n;
    INSERT INTO members (id, tenant_id, realm_id, account_id, role, created_at)
        SELECT ('90000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               ('20000000-0000-7000-8000-' || lpad(to_hex(n / 10), 12, '0'))::uuid,
               ('10000000-0000-7000-8000-' || lpad(to_hex(n / 500), 12, '0'))::uuid,
               ('80000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'VIEWER', now()
        FROM generate_series(0, 9999) n;
    INSERT INTO images VALUES (gen_random_uuid(), 'i', sha256(''), 1, 1, 1, now());
    INSERT INTO applications VALUES (gen_random_uuid(), 'app', 'A', 'S', now());
    INSERT INTO application_versions
        SELECT gen_random_uuid(), a.id, '1', i.id, 1, 1, 1, true, 80, '{}', '[]', now()
        FROM applications a, images i;
    INSERT INTO plans VALUES (gen_random_uuid(), 'small', 'P', 'OWN', 1, 1, 1, 1, 'EUR', now());
    INSERT INTO sites VALUES (gen_random_uuid(), 's', now());
    INSERT INTO virtual_machines (id, tenant_id, site_id, image_id, hosting, state, mac, created_at)
        SELECT ('30000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
               ('20000000-0000-7000-8000-' || lpad(to_hex(n / 10), 12, '0'))::uuid,
               s.id, i.id, 'OWN', 'RUNNING', n, now()
        FROM generate_series(0, 9999) n, sites s, images i;
    INSERT INTO deployments
        SELECT ('40000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, v.tenant_id, a.id,
               p.id, v.id, 'D', n || '.example.org', NULL, '{}', 'anna', 'anna@example.org',
               'RUNNING', 'RUNNING', NULL, now(), now()
        FROM generate_series(0, 9999) n
        JOIN virtual_machines v ON v.mac = n::text, application_versions a, plans p;";

/// The most rows that a page of 20 may look at: of one of its nodes, what it gives and what it leaves
/// out.
const ROWS_MOST: u64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_the_same_however_much_others_have() {
    let mut filled = Filled::new(FILL).await;
    let (store, owner) = (&filled.database.store, &mut filled.owner);
    let (page, everything) = (PageRequest::first(20), DeploymentFilter::default());
    let (last, own) = (storefront(19), tenant(999));
    let mut plans = String::new();
    for caller in [
        Caller::Platform(PlatformRole::Admin),
        Caller::Storefront(last),
        Caller::Tenant(own, Role::Owner),
    ] {
        let cx = cx(caller.clone());
        for query in ["tenants", "deployments", "viewer", "members"] {
            caught().clear();
            let found = match (query, &caller) {
                ("tenants", _) => store
                    .tenant_list(&cx, page, None)
                    .await
                    .unwrap()
                    .items
                    .len(),
                ("deployments", _) => {
                    let found = store.deployment_list(&cx, page, &everything).await;
                    found.unwrap().items.len()
                }
                // What the viewer is asked for: the tenant or the storefront that it acts for.
                ("viewer", Caller::Storefront(id)) => {
                    store.storefront_by_ids(&cx, &[*id]).await.unwrap().len()
                }
                ("viewer", _) => store.tenant_by_ids(&cx, &[own]).await.unwrap().len(),
                _ => store.member_list(&cx, page, own).await.unwrap().items.len(),
            };
            assert!(found > 0, "{query} shows nothing");
            let (shown, read) = explained(owner).await;
            writeln!(plans, "-- {query}, {}\n{shown}\n", scope(&caller)).unwrap();
            assert!(read <= ROWS_MOST, "{query} reads {read} rows\n{plans}");
        }
    }
    insta::assert_snapshot!(plans);
}
