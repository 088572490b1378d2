//! The walls, read from PostgreSQL's own catalogue: a table that is added without one fails here.

use std::collections::BTreeMap;

use berth_model::{
    AddressFamily, ChallengePurpose, ClientKind, DeploymentState, DesiredState, FailureDomain,
    GuestType, Hosting, Locale, MachineState, MoveSkip, NoticeKind, NoticeState,
    OperationEventKind, OperationKind, OperationState, Role, StepState, VirtualMachineState,
    VolumeKind, VolumeState, WebhookDeliveryState, WebhookDisabledReason,
};
use berth_store::testing::TestDatabase;

use crate::world::{connect, lines};

/// What kind of table it is (DESIGN.md principle 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Each row is one tenant's.
    Tenant,
    /// The provider's; tenants and storefronts have no right to it.
    Platform,
    /// The provider writes it, everybody reads it.
    Shared,
    /// What proves who somebody is: the pages of its realm see it, and no token opens it.
    Login,
    /// None of these: a policy of its own, shown in the golden file.
    Own,
}

/// Every table. A new one is added here, with its kind.
pub const TABLES: &[(&str, Kind)] = &[
    ("access_tokens", Kind::Tenant),
    ("account_authenticators", Kind::Login),
    ("account_identities", Kind::Login),
    ("account_passwords", Kind::Login),
    ("account_recovery_codes", Kind::Login),
    ("accounts", Kind::Own),
    ("addresses", Kind::Tenant),
    ("application_offers", Kind::Own),
    ("application_versions", Kind::Shared),
    ("applications", Kind::Shared),
    ("audit_log", Kind::Tenant),
    ("audit_outcomes", Kind::Tenant),
    ("challenges", Kind::Login),
    ("clients", Kind::Tenant),
    ("consents", Kind::Login),
    ("deployment_secrets", Kind::Tenant),
    ("deployments", Kind::Tenant),
    ("fleet_moves", Kind::Platform),
    ("grants", Kind::Login),
    ("idempotency_keys", Kind::Tenant),
    ("identity_providers", Kind::Own),
    ("identity_trips", Kind::Login),
    ("images", Kind::Shared),
    ("invitations", Kind::Tenant),
    ("known_browsers", Kind::Login),
    ("machine_images", Kind::Platform),
    ("machine_networks", Kind::Platform),
    ("machines", Kind::Platform),
    ("members", Kind::Tenant),
    ("networks", Kind::Platform),
    ("notices", Kind::Tenant),
    ("operation_events", Kind::Tenant),
    ("operation_steps", Kind::Tenant),
    ("operations", Kind::Tenant),
    ("placement_policy", Kind::Platform),
    ("placements", Kind::Tenant),
    ("plan_offers", Kind::Own),
    ("plans", Kind::Shared),
    ("racks", Kind::Platform),
    ("refresh_tokens", Kind::Login),
    ("reservations", Kind::Tenant),
    ("sessions", Kind::Login),
    ("sites", Kind::Shared),
    ("storage_pools", Kind::Platform),
    ("storefronts", Kind::Own),
    ("support_grants", Kind::Tenant),
    ("tenants", Kind::Tenant),
    ("transits", Kind::Tenant),
    ("virtual_machines", Kind::Tenant),
    ("volumes", Kind::Tenant),
    ("webhook_attempts", Kind::Tenant),
    ("webhook_deliveries", Kind::Tenant),
    ("webhook_endpoint_secrets", Kind::Own),
    ("webhook_endpoints", Kind::Own),
    ("webhook_outbox", Kind::Tenant),
];

const ALL_TABLES: &str = "
    SELECT relname::text AS line FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
      AND relname NOT LIKE '\\_\\_diesel%' ORDER BY 1";

async fn ask(query: &str) -> Vec<String> {
    let database = TestDatabase::new().await;
    lines(&mut connect(&database.owner_url).await, query).await
}

fn names(kind: Kind) -> String {
    let names: Vec<_> = TABLES
        .iter()
        .filter(|(_, k)| *k == kind)
        .map(|(name, _)| format!("'{name}'"))
        .collect();
    names.join(", ")
}

fn none(wrong: Vec<String>, what: &str) {
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_listed() {
    let listed: Vec<_> = TABLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        ask(ALL_TABLES).await,
        listed,
        "say in TABLES what kind of table it is"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_described_and_walled() {
    let wrong = ask("
        SELECT relname || ': no COMMENT, or row level security is off' AS line FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
          AND relname NOT LIKE '\\_\\_diesel%'
          AND (obj_description(oid) IS NULL OR NOT relrowsecurity)")
    .await;
    none(wrong, "tables");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_sealed_secrets_is_one_that_a_new_key_reaches() {
    let mut known = berth_store::testing::sealed_tables();
    known.sort_unstable();
    let found = ask("
        SELECT attrelid::regclass::text AS line FROM pg_attribute
        WHERE attname IN ('sealed', 'key_id')
        GROUP BY attrelid HAVING count(*) = 2 ORDER BY 1")
    .await;
    assert_eq!(found, known, "add it to SEALED in keys.rs");
    let half = ask("
        SELECT attrelid::regclass || '.' || attname || ' has no key_id beside it' AS line
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND atttypid = 'bytea'::regtype
          AND attname LIKE '%sealed%'
          AND (attname <> 'sealed' OR NOT EXISTS (
              SELECT FROM pg_attribute k WHERE k.attrelid = a.attrelid AND k.attname = 'key_id'))")
    .await;
    none(half, "sealed columns");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tenant_table_has_its_three_walls() {
    let tables = names(Kind::Tenant);
    let wrong = ask(&format!(
        "
        WITH t AS (SELECT oid, relname FROM pg_class
                   WHERE relnamespace = 'public'::regnamespace AND relname IN ({tables})),
        keys AS (SELECT conrelid, array_agg(a.attname::text ORDER BY a.attname) AS columns
                 FROM pg_constraint c
                 JOIN pg_attribute a ON attrelid = conrelid AND attnum = ANY (conkey)
                 WHERE contype IN ('u', 'p') GROUP BY conrelid, c.oid)
        SELECT relname || ': tenant_id may be null' AS line FROM t
        WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.oid AND attname = 'tenant_id'
                          AND attnotnull)
        UNION ALL
        SELECT relname || ': no policy for ' || r.rolname FROM t CROSS JOIN pg_roles r
        WHERE r.rolname IN ('berth_tenant', 'berth_storefront', 'berth_platform', 'berth_worker')
          AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND r.oid = ANY (polroles))
        UNION ALL
        SELECT relname || ': a policy that everybody passes'
        FROM t JOIN pg_policy ON polrelid = t.oid
        WHERE pg_get_expr(polqual, polrelid) = 'true'
          AND polroles && ARRAY['berth_tenant', 'berth_storefront']::regrole[]::oid[]
        UNION ALL
        -- What has an id can be referred to; the others have a key that begins with their parent's.
        SELECT relname || ': no UNIQUE (tenant_id, id)' FROM t
        WHERE EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.oid AND attname = 'id')
          AND NOT EXISTS (SELECT FROM keys
                          WHERE conrelid = t.oid AND columns = ARRAY['id', 'tenant_id'])"
    ))
    .await;
    none(wrong, "tenant tables");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_can_point_into_another_tenant() {
    let tables = names(Kind::Tenant);
    let wrong = ask(&format!(
        "
        SELECT pg_get_constraintdef(c.oid) || ' on ' || conrelid::regclass AS line
        FROM pg_constraint c
        JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
        WHERE contype = 'f' AND child.relname IN ({tables}) AND parent.relname IN ({tables})
          -- The provider's token that acts for a tenant: leading there is what it is for.
          AND c.conname <> 'access_tokens_support_grant_id_fkey'
          AND NOT EXISTS (
            SELECT FROM unnest(conkey, confkey) AS k (own, other)
            JOIN pg_attribute o ON o.attrelid = conrelid AND o.attnum = k.own
            JOIN pg_attribute p ON p.attrelid = confrelid AND p.attnum = k.other
            WHERE o.attname = 'tenant_id'
              AND (p.attname = 'tenant_id' OR (parent.relname = 'tenants' AND p.attname = 'id')))"
    ))
    .await;
    none(wrong, "references without tenant_id on both sides");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_has_an_index() {
    // An index serves a reference if it begins with its columns, or with the one that alone is
    // unique in the table referred to (`id`, not `tenant_id`).
    let wrong = ask("
        SELECT pg_get_constraintdef(c.oid) || ' on ' || conrelid::regclass AS line
        FROM pg_constraint c
        WHERE contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index i
            JOIN pg_attribute first ON first.attrelid = indrelid AND first.attnum = indkey[0]
            WHERE indrelid = conrelid AND indkey[0] = ANY (conkey)
              AND (cardinality(conkey) = 1 OR first.attname <> 'tenant_id'
                   OR indkey[1] = ANY (conkey))
              AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) LIKE '%IS NOT NULL%'))")
    .await;
    none(wrong, "references without an index");
}

#[tokio::test(flavor = "multi_thread")]
async fn platform_tables_are_out_of_reach_and_shared_ones_read_only() {
    let (platform, shared) = (names(Kind::Platform), names(Kind::Shared));
    let wrong = ask(&format!(
        "
        SELECT r.rolname || ' may write ' || c.relname AS line
        FROM pg_class c CROSS JOIN pg_roles r
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname IN ({platform}, {shared})
          AND r.rolname IN ('berth_tenant', 'berth_storefront', 'berth_auth', 'berth_visitor')
          AND (has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
               OR has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE'))
        UNION ALL
        SELECT r.rolname || ' may read ' || c.relname
        FROM pg_class c CROSS JOIN pg_roles r
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname IN ({platform})
          AND r.rolname IN ('berth_tenant', 'berth_storefront', 'berth_auth', 'berth_visitor')
          AND has_any_column_privilege(r.oid, c.oid, 'SELECT')"
    ))
    .await;
    none(wrong, "rights");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_who_somebody_is_is_out_of_reach_of_every_token() {
    let login = names(Kind::Login);
    let wrong = ask(&format!(
        "
        SELECT r.rolname || ' may reach ' || c.relname AS line
        FROM pg_class c CROSS JOIN pg_roles r
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname IN ({login})
          AND r.rolname IN ('berth_tenant', 'berth_storefront', 'berth_platform', 'berth_account',
                            'berth_visitor')
          AND (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
               OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE'))
        UNION ALL
        SELECT relname || ': no policy that keeps to a realm'
        FROM pg_class c
        WHERE relnamespace = 'public'::regnamespace AND relname IN ({login})
          AND NOT EXISTS (SELECT FROM pg_policy p
              WHERE polrelid = c.oid AND 'berth_login'::regrole = ANY (polroles)
                AND pg_get_expr(polqual, polrelid) <> 'true')"
    ))
    .await;
    none(wrong, "rights");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rights_are_as_written_down() {
    let rights = ask("
        WITH rights AS (
            SELECT relname, a.grantee, privilege_type || '' AS privilege
            FROM pg_class CROSS JOIN aclexplode(relacl) a
            WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT relname, a.grantee,
                   privilege_type || ' (' || string_agg(attname, ', ' ORDER BY attnum) || ')'
            FROM pg_attribute CROSS JOIN aclexplode(attacl) a
            JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'public'::regnamespace GROUP BY relname, a.grantee, privilege_type)
        SELECT format('%-21s %-17s %s', relname, grantee::regrole,
                      string_agg(privilege, ', ' ORDER BY privilege)) AS line
        FROM rights
        WHERE grantee::regrole::text IN ('berth_tenant', 'berth_storefront', 'berth_auth',
                                        'berth_account', 'berth_login', 'berth_visitor')
        GROUP BY relname, grantee ORDER BY 1")
    .await;
    insta::assert_snapshot!(rights.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_those_of_the_model() {
    let found: BTreeMap<String, String> = ask("
        SELECT conrelid::regclass || '.' || attname || ' '
               || (SELECT string_agg(m[1], ' ') FROM regexp_matches(pg_get_constraintdef(c.oid),
                                                                 '''([A-Z0-9_]+)''', 'g') m) AS line
        FROM pg_constraint c JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
        WHERE contype = 'c' AND cardinality(conkey) = 1 AND pg_get_constraintdef(c.oid) LIKE '%''%'
          AND pg_get_constraintdef(c.oid) NOT LIKE '%~%'")
    .await
    .into_iter()
    .map(|line| {
        line.split_once(' ')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap()
    })
    .collect();
    macro_rules! states {
        ($($column:literal => $state:ty),+ $(,)?) => {
            BTreeMap::from([$((
                $column.to_owned(),
                <$state>::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" "),
            )),+])
        };
    }
    let wanted: BTreeMap<String, String> = states! {
        "accounts.locale" => Locale,
        "challenges.locale" => Locale,
        "challenges.purpose" => ChallengePurpose,
        "clients.kind" => ClientKind,
        "clients.role" => Role,
        "deployments.desired_state" => DesiredState,
        "deployments.state" => DeploymentState,
        "fleet_moves.skipped" => MoveSkip,
        "invitations.role" => Role,
        "machines.guest_type" => GuestType,
        "machines.state" => MachineState,
        "members.role" => Role,
        "notices.kind" => NoticeKind,
        "notices.locale" => Locale,
        "notices.state" => NoticeState,
        "operation_events.kind" => OperationEventKind,
        "operation_steps.state" => StepState,
        "operations.kind" => OperationKind,
        "operations.state" => OperationState,
        "placement_policy.survive" => FailureDomain,
        "plans.hosting" => Hosting,
        "storefronts.locale" => Locale,
        "virtual_machines.hosting" => Hosting,
        "virtual_machines.state" => VirtualMachineState,
        "volumes.kind" => VolumeKind,
        "volumes.state" => VolumeState,
        "webhook_deliveries.state" => WebhookDeliveryState,
        "webhook_endpoints.disabled_reason" => WebhookDisabledReason,
    };
    let sorted = |map: BTreeMap<String, String>| -> BTreeMap<String, Vec<String>> {
        map.into_iter()
            .map(|(column, states)| {
                let mut states: Vec<_> = states.split(' ').map(str::to_owned).collect();
                states.sort();
                (column, states)
            })
            .collect()
    };
    assert_eq!(sorted(found), sorted(wanted));
    // Kept as a number, since it is compared with what an address is.
    assert_eq!(AddressFamily::ALL.len(), 2);
}
