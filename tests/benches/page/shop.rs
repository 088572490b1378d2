//! A storefront's deployments, some thousand.

use tokio_postgres::Client;

/// 1,000 tenants of every storefront with 10 deployments each, as if they ran.
const FILL: &str = "
    INSERT INTO tenants (id, storefront_id, name, created_at)
        SELECT gen_random_uuid(), storefronts.id, 'T' || n, now()
        FROM generate_series(1, 1000) n, storefronts;
    INSERT INTO virtual_machines (id, tenant_id, site_id, image_id, hosting, state, mac, created_at)
        SELECT gen_random_uuid(), tenants.id, sites.id, images.id, 'OWN', 'RUNNING',
               tenants.name || '-' || n, now()
        FROM tenants, generate_series(1, 10) n, sites, images WHERE tenants.name LIKE 'T_%';
    INSERT INTO deployments
        SELECT gen_random_uuid(), v.tenant_id, a.id, p.id, v.id, 'Community', v.mac || '.example.org',
               NULL, '{}', 'anna', 'anna@example.org', 'RUNNING', 'RUNNING', NULL, now(), now()
        FROM virtual_machines v, application_versions a, plans p
        WHERE v.mac LIKE 'T%' AND p.slug = 'nano'";

/// Makes them, past the API: what is measured is reading.
pub async fn fill(sql: &Client) {
    sql.batch_execute(FILL).await.unwrap();
    sql.batch_execute("VACUUM ANALYZE").await.unwrap();
}
