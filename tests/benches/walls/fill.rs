//! A thousand tenants with 10 members and 10 deployments each.

use tokio_postgres::Client;

/// 20 storefronts, the world's own included, with 50 tenants each. Ids are random, so that those of one
/// storefront lie between all others'.
const FILL: &str = "
    INSERT INTO storefronts (id, name, created_at)
        SELECT gen_random_uuid(), 'S' || n, now() FROM generate_series(2, 20) n;
    INSERT INTO tenants (id, storefront_id, name, created_at)
        SELECT gen_random_uuid(), s.id, 'T' || row_number() OVER (), now()
        FROM generate_series(1, 50) n, storefronts s;
    INSERT INTO accounts (id, storefront_id, email, name, created_at)
        SELECT gen_random_uuid(), t.storefront_id, t.name || '-' || n || '@example.org', 'A', now()
        FROM tenants t, generate_series(1, 10) n WHERE t.name LIKE 'T_%' AND t.name <> 'Test';
    INSERT INTO members (id, tenant_id, realm_id, account_id, role, created_at)
        SELECT gen_random_uuid(), t.id, t.storefront_id, a.id, 'VIEWER', now()
        FROM tenants t JOIN accounts a
            ON a.storefront_id = t.storefront_id AND split_part(a.email, '-', 1) = t.name;
    INSERT INTO virtual_machines (id, tenant_id, site_id, image_id, hosting, state, mac, created_at)
        SELECT gen_random_uuid(), t.id, sites.id, images.id, 'OWN', 'RUNNING', t.name || '-' || n, now()
        FROM tenants t, generate_series(1, 10) n, sites, images
        WHERE t.name LIKE 'T_%' AND t.name <> 'Test';
    INSERT INTO deployments
        SELECT gen_random_uuid(), v.tenant_id, a.id, p.id, v.id, 'Community', v.mac || '.example.org',
               NULL, '{}', 'anna', 'anna@example.org', 'RUNNING', 'RUNNING', NULL, now(), now()
        FROM virtual_machines v, application_versions a, plans p
        WHERE v.mac LIKE 'T%' AND p.slug = 'nano'";

/// Makes them, past the API: what is measured is reading. The id of a tenant of the storefront that asks.
pub async fn fill(sql: &Client) -> String {
    sql.batch_execute(FILL).await.unwrap();
    sql.batch_execute("VACUUM ANALYZE").await.unwrap();
    for (count, table) in [
        (1001, "tenants"),
        (10_000, "members"),
        (10_000, "deployments"),
    ] {
        let query = format!("SELECT count(*) FROM {table}");
        let found: i64 = sql.query_one(&query, &[]).await.unwrap().get(0);
        assert!(found >= count, "{found} {table}");
    }
    let one = "SELECT 'ten_' || replace(t.id::text, '-', '') FROM tenants t
        JOIN storefronts s ON s.id = t.storefront_id
        WHERE s.name = 'Test shop' AND t.name LIKE 'T_%' AND t.name <> 'Test' LIMIT 1";
    sql.query_one(one, &[]).await.unwrap().get(0)
}
