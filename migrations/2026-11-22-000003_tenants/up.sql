CREATE TABLE tenants (
    id            uuid PRIMARY KEY,
    tenant_id     uuid NOT NULL GENERATED ALWAYS AS (id) STORED,
    storefront_id uuid REFERENCES storefronts (id),
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    external_id   text CHECK (length(external_id) BETWEEN 1 AND 200),
    created_at    timestamptz NOT NULL,
    UNIQUE (tenant_id, id)
);
COMMENT ON TABLE tenants IS 'An operator''s organisation: the unit of isolation.';
COMMENT ON COLUMN tenants.storefront_id IS 'The storefront it came through; null for the provider''s own.';
COMMENT ON COLUMN tenants.external_id IS 'The storefront''s own number for it.';
CREATE UNIQUE INDEX tenants_external_id ON tenants (storefront_id, external_id) NULLS NOT DISTINCT
    WHERE external_id IS NOT NULL;
CREATE INDEX tenants_storefront ON tenants (storefront_id, id);

-- Not wall_tenant: the storefront's policy on other tables reads this table.
SELECT wall_platform('tenants');
CREATE POLICY tenant ON tenants TO berth_tenant
    USING (id = (SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid));
CREATE POLICY storefront ON tenants TO berth_storefront
    USING (storefront_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
GRANT SELECT, UPDATE (name) ON tenants TO berth_tenant;
-- A tenant sees the storefront that it came through.
CREATE POLICY tenant ON storefronts FOR SELECT TO berth_tenant
    USING (EXISTS (SELECT FROM tenants t WHERE t.storefront_id = storefronts.id));
GRANT SELECT ON storefronts TO berth_tenant;
GRANT SELECT, INSERT, UPDATE (name) ON tenants TO berth_storefront;

-- The platform's own work and its free addresses belong to this tenant, so that tenant_id is never null.
INSERT INTO tenants (id, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'Platform', '2026-01-01T00:00:00Z');

CREATE TABLE accounts (
    id         uuid PRIMARY KEY,
    email      text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE accounts IS 'A person. One account can be a member of several tenants.';

CREATE TABLE members (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    account_id uuid NOT NULL REFERENCES accounts (id),
    role       text NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'BILLING', 'SUPPORT', 'VIEWER')),
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, account_id)
);
COMMENT ON TABLE members IS 'An account in a tenant, with a role.';
CREATE INDEX members_account ON members (account_id);
SELECT wall_tenant('members');
GRANT SELECT, INSERT, UPDATE (role), DELETE ON members TO berth_tenant, berth_storefront;

-- An account is seen by those who share a tenant with it. It is found by e-mail only inside that.
SELECT wall_platform('accounts');
CREATE POLICY member ON accounts FOR SELECT TO berth_tenant, berth_storefront
    USING (EXISTS (SELECT FROM members m WHERE m.account_id = accounts.id));
CREATE POLICY newcomer ON accounts FOR INSERT TO berth_tenant, berth_storefront WITH CHECK (true);
GRANT SELECT, INSERT ON accounts TO berth_tenant, berth_storefront;
CREATE INDEX accounts_email ON accounts (lower(email));
