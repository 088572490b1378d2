//! The third wall, tried with plain SQL: what a forgotten filter could reach.

use berth_model::{StorefrontId, TenantId};
use diesel::{result::Error, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::{
    catalogue::{Kind, TABLES},
    world::{World, connect, lines, text},
};

/// A row in every tenant table for both tenants.
async fn filled() -> World {
    let world = World::new().await;
    for (cx, tenant, name) in [
        (&world.shop, &world.tenant, "a.example.org"),
        (&world.other_shop, &world.other_tenant, "b.example.org"),
    ] {
        let key = berth_store::IdempotencyKey::parse("walls").unwrap();
        let order = world.order(tenant, &world.small, name);
        world
            .store()
            .deployment_create(&cx.clone().with_key(key), order)
            .await
            .unwrap();
        let role = berth_model::Role::Owner;
        world.member(tenant, role).await;
    }
    let mut owner = connect(&world.database.owner_url).await;
    owner.batch_execute(&fill_sql(&world)).await.unwrap();
    world
}

/// What only workers and the token endpoint write, written by hand.
fn fill_sql(world: &World) -> String {
    let site = world.site.id.0;
    format!(
        "
        INSERT INTO racks VALUES (gen_random_uuid(), '{site}', 'r', now());
        INSERT INTO networks (id, site_id, name, created_at)
            VALUES (gen_random_uuid(), '{site}', 'n', now());
        INSERT INTO machines (id, rack_id, name, uri, state, guest_type, vcpu_overcommit_percent,
                              memory_reserve_bytes, created_at)
            SELECT gen_random_uuid(), id, 'm', 'sim:m', 'ACTIVE', 'QEMU', 100, 0, now() FROM racks;
        INSERT INTO storage_pools (id, machine_id, name, created_at)
            SELECT gen_random_uuid(), id, 'p', now() FROM machines;
        INSERT INTO reservations
            SELECT gen_random_uuid(), v.tenant_id, v.id, p.machine_id, p.id, 1, 1, 1, now(), now()
            FROM virtual_machines v, storage_pools p;
        INSERT INTO transits
            SELECT virtual_machine_id, tenant_id, machine_id, storage_pool_id, 1, 1, 1, false, now()
            FROM reservations;
        INSERT INTO addresses (id, tenant_id, network_id, family, address, virtual_machine_id)
            SELECT gen_random_uuid(), v.tenant_id, n.id, 4, v.mac, v.id
            FROM virtual_machines v, networks n;
        INSERT INTO operation_steps (tenant_id, operation_id, ordinal, name, title, state)
            SELECT tenant_id, id, 0, 'place', 'Place', 'PENDING' FROM operations;
        INSERT INTO placements SELECT tenant_id, id, '{{}}', now() FROM operations;
        INSERT INTO access_tokens
            SELECT gen_random_uuid(), tenant_id, id, id::text::bytea, now(), now() FROM clients;
        INSERT INTO invitations
            SELECT gen_random_uuid(), id, realm_id, 'a@example.org', 'VIEWER', name, id::text::bytea,
                   now(), now()
            FROM tenants WHERE storefront_id IS NOT NULL;
        INSERT INTO support_grants (id, tenant_id, account_id, staff_name, role, reason, created_at,
                                    expires_at)
            SELECT gen_random_uuid(), t.id, (SELECT id FROM accounts LIMIT 1), 'Staff', 'SUPPORT', 'r',
                   now(), now() + interval '1 hour'
            FROM tenants t WHERE storefront_id IS NOT NULL;
        INSERT INTO webhook_endpoints (id, storefront_id, owner_id, url, patterns, created_at, updated_at)
            SELECT gen_random_uuid(), id, id, 'https://shop.example.org', '{{*}}', now(), now()
            FROM storefronts;
        INSERT INTO webhook_outbox (tenant_id, event_type, data, at)
            SELECT id, 'tenant.created', '{{}}', now() FROM tenants;
        INSERT INTO webhook_deliveries (id, tenant_id, storefront_id, owner_id, endpoint_id, event_type,
                                        body, state, next_attempt_at, give_up_at, created_at)
            SELECT gen_random_uuid(), t.id, e.storefront_id, e.owner_id, e.id, 'tenant.created', '{{}}',
                   'PENDING', now(), now(), now()
            FROM tenants t JOIN webhook_endpoints e ON e.storefront_id = t.storefront_id;
        INSERT INTO webhook_attempts
            SELECT tenant_id, id, 1, now(), 5, 500, 'x' FROM webhook_deliveries;
        INSERT INTO audit_outcomes (entry_id, tenant_id, at)
            SELECT id, tenant_id, now() FROM audit_log;
        INSERT INTO notices (id, tenant_id, kind, recipient_name, recipient_email, key_id, sealed, is_code,
                             next_attempt_at, give_up_at, created_at)
            SELECT gen_random_uuid(), id, 'SECOND_FACTOR_ON', name, 'a@example.org', 'k', 'x', false,
                   now(), now(), now()
            FROM tenants;"
    )
}

fn tenant_tables() -> impl Iterator<Item = &'static str> {
    TABLES
        .iter()
        .filter(|(_, kind)| *kind == Kind::Tenant)
        .map(|(name, _)| *name)
}

/// A transaction as a request of a tenant or a storefront has it.
pub async fn enter(world: &World, role: &str, setting: &str) -> AsyncPgConnection {
    let mut connection = connect(&world.database.app_url).await;
    let client = world.shop.actor.client_id.unwrap().0;
    let sql = format!(
        "BEGIN; SET LOCAL ROLE {role}; SET LOCAL {setting}; SET LOCAL berth.client_id = '{client}'"
    );
    connection.batch_execute(&sql).await.unwrap();
    connection
}

pub fn as_tenant(id: TenantId) -> String {
    format!("berth.tenant_id = '{}'", id.0)
}

pub fn as_storefront(id: StorefrontId) -> String {
    format!("berth.storefront_id = '{}'", id.0)
}

/// Runs it in a savepoint: `Ok(rows)`, or the error's text.
pub async fn attempt(connection: &mut AsyncPgConnection, sql: &str) -> Result<usize, String> {
    connection.batch_execute("SAVEPOINT attempt").await.unwrap();
    let done = sql_query(sql).execute(connection).await;
    connection
        .batch_execute("ROLLBACK TO attempt")
        .await
        .unwrap();
    done.map_err(|error| match error {
        Error::DatabaseError(_, info) => info.message().to_owned(),
        other => other.to_string(),
    })
}

pub fn is_walled(outcome: &Result<usize, String>) -> bool {
    match outcome {
        Ok(rows) => *rows == 0,
        Err(message) => {
            message.contains("permission denied") || message.contains("row-level security")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_rows_are_out_of_reach() {
    let world = filled().await;
    let mut owner = connect(&world.database.owner_url).await;
    let (own, other) = (world.tenant.id.0, world.other_tenant.id.0);
    for (role, setting) in [
        ("berth_tenant", as_tenant(world.tenant.id)),
        ("berth_storefront", as_storefront(world.storefront)),
    ] {
        let mut connection = enter(&world, role, &setting).await;
        for table in tenant_tables() {
            let there = format!(
                "SELECT to_jsonb(t)::text AS line FROM {table} t WHERE tenant_id = '{other}'"
            );
            let row = lines(&mut owner, &there).await;
            assert!(
                !row.is_empty(),
                "{table}: the test has no row of the other tenant"
            );
            for sql in [
                format!("SELECT tenant_id FROM {table} WHERE tenant_id = '{other}'"),
                format!(
                    "SELECT tenant_id FROM {table} WHERE tenant_id <> '{own}' {}",
                    but_its_own(table)
                ),
                format!(
                    "UPDATE {table} SET {} WHERE tenant_id = '{other}'",
                    change(table)
                ),
                format!("DELETE FROM {table} WHERE tenant_id = '{other}'"),
                insert_sql(table, &row[0]),
            ] {
                let outcome = attempt(&mut connection, &sql).await;
                assert!(is_walled(&outcome), "{role}: {sql}: {outcome:?}");
            }
        }
    }
}

/// A storefront's own clients are rows of the platform's tenant.
fn but_its_own(table: &str) -> &'static str {
    match table {
        "clients" => {
            "AND storefront_id::text IS DISTINCT FROM current_setting('berth.storefront_id', true)"
        }
        _ => "",
    }
}

/// A change that the other tenant's row would take, by a column that a tenant may write if there is
/// one.
fn change(table: &str) -> &'static str {
    match table {
        "tenants" | "deployments" => "name = 'mine'",
        "members" => "role = 'OWNER'",
        "virtual_machines" => "system_revision = 99",
        "operations" => "last_event = 99",
        "operation_steps" => "state = 'DONE'",
        "idempotency_keys" => "made = '[]'",
        "webhook_deliveries" => "tries = 99",
        _ => "tenant_id = tenant_id",
    }
}

fn insert_sql(table: &str, row: &str) -> String {
    let row = row.replace('\'', "''");
    if table == "tenants" {
        // Its tenant_id is generated. Another storefront's tenant, under a new id.
        return format!(
            "INSERT INTO tenants (id, storefront_id, name, created_at) \
             SELECT gen_random_uuid(), storefront_id, name, created_at \
             FROM jsonb_populate_record(null::tenants, '{row}')"
        );
    }
    format!("INSERT INTO {table} SELECT * FROM jsonb_populate_record(null::{table}, '{row}')")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ones_own_is_seen() {
    let world = filled().await;
    for (role, setting) in [
        ("berth_tenant", as_tenant(world.tenant.id)),
        ("berth_storefront", as_storefront(world.storefront)),
    ] {
        let mut connection = enter(&world, role, &setting).await;
        for table in tenant_tables() {
            let right = format!(
                "SELECT has_column_privilege('{table}', 'tenant_id', 'SELECT')::text AS line"
            );
            if text(&mut connection, &right).await == "true" {
                let seen =
                    attempt(&mut connection, &format!("SELECT tenant_id FROM {table}")).await;
                assert!(matches!(seen, Ok(1..)), "{role}: {table}: {seen:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_scope_nothing_is_seen() {
    let world = filled().await;
    for role in ["berth_tenant", "berth_storefront", "berth_auth"] {
        let mut connection = enter(&world, role, "berth.tenant_id = ''").await;
        for table in tenant_tables().filter(|table| *table != "idempotency_keys") {
            // What a token is made of, the role of whoever gave it, and by which grant it acts.
            let of_tokens = ["clients", "access_tokens", "members", "support_grants"];
            if role == "berth_auth" && of_tokens.contains(&table) {
                continue;
            }
            let seen = attempt(&mut connection, &format!("SELECT tenant_id FROM {table}")).await;
            assert!(is_walled(&seen), "{role}: {table}: {seen:?}");
        }
    }
    // The login role itself has no right to anything.
    let mut bare = connect(&world.database.app_url).await;
    bare.batch_execute("BEGIN").await.unwrap();
    for (table, _) in TABLES {
        let seen = attempt(&mut bare, &format!("SELECT count(*) FROM {table}")).await;
        assert!(
            matches!(&seen, Err(message) if message.contains("permission denied")),
            "{table}: {seen:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_seen_by_those_who_share_a_tenant_with_it() {
    let world = filled().await;
    let mut connection = enter(&world, "berth_tenant", &as_tenant(world.tenant.id)).await;
    let seen = lines(&mut connection, "SELECT email AS line FROM accounts").await;
    assert_eq!(seen, ["anna@example.org"]);
}

/// The policy of storefronts on deployments looks at a column that repeats what the tenant says.
#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_of_its_tenants_storefront_whatever_is_written() {
    let world = filled().await;
    let right = "
        SELECT count(*)::text AS line FROM deployments d JOIN tenants t ON t.id = d.tenant_id
        WHERE d.storefront_id IS NOT DISTINCT FROM t.storefront_id";
    assert_eq!(world.text(right).await, "2");
    let mut owner = connect(&world.database.owner_url).await;
    owner
        .batch_execute("UPDATE deployments SET storefront_id = NULL")
        .await
        .unwrap();
    assert_eq!(world.text(right).await, "2");
    // A tenant that goes to another storefront takes its deployments along. Its members can't: their
    // accounts are of the storefront that it leaves.
    let (tenant, storefront) = (world.tenant.id.0, world.other_tenant.storefront_id.unwrap());
    let moved = format!(
        "DELETE FROM webhook_deliveries; DELETE FROM invitations; DELETE FROM members;
         UPDATE tenants SET external_id = NULL, storefront_id = '{}' WHERE id = '{tenant}'",
        storefront.0
    );
    owner.batch_execute(&moved).await.unwrap();
    assert_eq!(world.text(right).await, "2");
    let mut shop = enter(&world, "berth_storefront", &as_storefront(storefront)).await;
    let seen = "SELECT count(*)::text AS line FROM deployments";
    assert_eq!(text(&mut shop, seen).await, "2");
}
