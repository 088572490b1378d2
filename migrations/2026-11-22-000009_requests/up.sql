CREATE TABLE idempotency_keys (
    tenant_id    uuid NOT NULL REFERENCES tenants (id),
    client_id    uuid NOT NULL,
    mutation     text NOT NULL,
    key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 100),
    request_hash bytea NOT NULL,
    made         jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, client_id, mutation, key)
);
COMMENT ON TABLE idempotency_keys IS 'Stored in the transaction of the effect, so that a repeated mutation answers with what the first one made.';
COMMENT ON COLUMN idempotency_keys.tenant_id IS 'The tenant acted for; the platform''s where there is none yet.';
COMMENT ON COLUMN idempotency_keys.request_hash IS 'Keyed hash (HMAC-SHA-256) of the variables.';
COMMENT ON COLUMN idempotency_keys.made IS 'Ids of what it made. Never a secret.';
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
-- A key belongs to the client that sent it, whichever tenant it acted for.
SELECT wall_platform('idempotency_keys');
CREATE POLICY client ON idempotency_keys TO berth_tenant, berth_storefront
    USING (client_id = (SELECT nullif(current_setting('berth.client_id', true), '')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO berth_tenant, berth_storefront;

CREATE TABLE audit_log (
    id         uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL REFERENCES tenants (id),
    client_id  uuid,
    actor      text NOT NULL,
    action     text NOT NULL,
    subject    text,
    request_id text,
    at         timestamptz NOT NULL,
    UNIQUE (tenant_id, id)
);
COMMENT ON TABLE audit_log IS 'Who did what for whom, and when. Nobody may change or remove a line.';
COMMENT ON COLUMN audit_log.subject IS 'The global id of what it was done to.';
SELECT wall_tenant('audit_log');
REVOKE UPDATE, DELETE ON audit_log FROM berth_platform, berth_worker;
GRANT SELECT, INSERT ON audit_log TO berth_tenant, berth_storefront;
