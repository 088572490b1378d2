CREATE TABLE clients (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('PLATFORM', 'STOREFRONT', 'TENANT')),
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    storefront_id uuid REFERENCES storefronts (id),
    tenant_id     uuid NOT NULL REFERENCES tenants (id),
    role          text CHECK (role IN ('OWNER', 'ADMIN', 'BILLING', 'SUPPORT', 'VIEWER')),
    secret_hash   bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    CHECK ((kind = 'STOREFRONT') = (storefront_id IS NOT NULL)),
    CHECK ((kind = 'TENANT') = (role IS NOT NULL))
);
COMMENT ON TABLE clients IS 'An OAuth client: the provider''s automation, a storefront, or a tenant''s own script.';
COMMENT ON COLUMN clients.tenant_id IS 'For TENANT its tenant; for the others the platform''s.';
COMMENT ON COLUMN clients.role IS 'For TENANT what it may do there.';
COMMENT ON COLUMN clients.secret_hash IS 'SHA-256 of the secret, which is 256 random bits.';
CREATE INDEX clients_storefront ON clients (storefront_id);
SELECT wall_tenant('clients');
GRANT SELECT (id, kind, name, storefront_id, tenant_id, role, created_at) ON clients
    TO berth_tenant, berth_storefront;

CREATE TABLE access_tokens (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    client_id  uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE access_tokens IS 'An opaque OAuth access token, kept as its SHA-256.';
CREATE INDEX access_tokens_expiry ON access_tokens (expires_at);
CREATE INDEX access_tokens_client ON access_tokens (client_id);
SELECT wall_tenant('access_tokens');

-- Before a caller is known nothing but these two tables is in reach.
CREATE POLICY auth ON clients FOR SELECT TO berth_auth USING (true);
CREATE POLICY auth ON access_tokens TO berth_auth USING (true);
GRANT SELECT ON clients TO berth_auth;
GRANT SELECT, INSERT, DELETE ON access_tokens TO berth_auth;
