//! The schema change that put accounts into realms: whoever was a member stays one.

use std::{fs, path::Path};

use berth_store::testing::TestDatabase;
use diesel_async::SimpleAsyncConnection;

use crate::world::{connect, lines};

/// Its folder.
const REALMS: &str = "2026-11-23-000040_realms";

/// Back to before it, the latest first.
fn down() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let entries = fs::read_dir(&folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name.to_str().unwrap() >= REALMS);
    names.sort();
    let latest_first = names.iter().rev();
    latest_first
        .map(|name| fs::read_to_string(folder.join(name).join("down.sql")).unwrap())
        .collect()
}

const UP: &str = include_str!("../../../migrations/2026-11-23-000040_realms/up.sql");

/// Anna is in tenants of two storefronts, and twice in one; Lone is in none.
const BEFORE: &str = "
    INSERT INTO storefronts (id, name, created_at) VALUES
        ('00000000-0000-0000-0000-00000000000a', 'A', now()),
        ('00000000-0000-0000-0000-00000000000b', 'B', now());
    INSERT INTO tenants (id, storefront_id, name, created_at) VALUES
        ('00000000-0000-0000-0001-00000000000a', '00000000-0000-0000-0000-00000000000a', 'a1', now()),
        ('00000000-0000-0000-0002-00000000000a', '00000000-0000-0000-0000-00000000000a', 'a2', now()),
        ('00000000-0000-0000-0001-00000000000b', '00000000-0000-0000-0000-00000000000b', 'b1', now()),
        ('00000000-0000-0000-0001-00000000000c', NULL, 'own', now());
    INSERT INTO accounts (id, email, name, created_at) VALUES
        ('00000000-0000-0000-0000-000000000001', 'anna@example.org', 'Anna', '2026-01-01'),
        ('00000000-0000-0000-0000-000000000002', 'Anna@example.org', 'Anna again', '2026-01-02'),
        ('00000000-0000-0000-0000-000000000003', 'lone@example.org', 'Lone', '2026-01-03');
    INSERT INTO members (id, tenant_id, account_id, role, created_at)
    SELECT ('00000000-0000-0000-0003-00000000000' || n)::uuid, t.id,
           ('00000000-0000-0000-0000-00000000000' || account)::uuid, role, now()
    FROM (VALUES (1, 'a1', 1, 'VIEWER'), (2, 'b1', 1, 'ADMIN'), (3, 'own', 1, 'BILLING'),
                 (4, 'a1', 2, 'OWNER'), (5, 'a2', 2, 'OWNER')) AS m (n, tenant, account, role)
    JOIN tenants t ON t.name = m.tenant;";

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_several_storefronts_become_one_in_each() {
    let database = TestDatabase::new().await;
    let mut owner = connect(&database.owner_url).await;
    for sql in down() {
        owner.batch_execute(&sql).await.unwrap();
    }
    owner.batch_execute(BEFORE).await.unwrap();
    // In one transaction, as it is applied.
    owner
        .batch_execute(&format!("BEGIN; {UP}; COMMIT"))
        .await
        .unwrap();
    let members = "
        SELECT t.name || ' ' || m.role || ' ' || a.name || ' of ' || coalesce(s.name, 'the provider') AS line
        FROM members m JOIN tenants t ON t.id = m.tenant_id JOIN accounts a ON a.id = m.account_id
        LEFT JOIN storefronts s ON s.id = a.storefront_id ORDER BY 1";
    // Of two memberships in one tenant the higher stays.
    let wanted = [
        "a1 OWNER Anna of A",
        "a2 OWNER Anna of A",
        "b1 ADMIN Anna of B",
        "own BILLING Anna of the provider",
    ];
    assert_eq!(lines(&mut owner, members).await, wanted);
    let accounts = "
        SELECT a.email || ' of ' || coalesce(s.name, 'the provider') AS line
        FROM accounts a LEFT JOIN storefronts s ON s.id = a.storefront_id ORDER BY 1";
    let wanted = [
        "anna@example.org of A",
        "anna@example.org of B",
        "anna@example.org of the provider",
        "lone@example.org of the provider",
    ];
    assert_eq!(lines(&mut owner, accounts).await, wanted);
}
