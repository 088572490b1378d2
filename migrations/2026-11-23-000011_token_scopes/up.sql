-- What a token opens (RFC 6749 section 3.3). Null: everything that its client may do, as before.
CREATE FUNCTION token_scopes_known(scopes text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT scopes <@ ARRAY[
        'CATALOGUE_READ', 'CATALOGUE_WRITE', 'FLEET_READ', 'FLEET_ADMIN', 'TENANT_READ', 'TENANT_WRITE',
        'MEMBER_WRITE', 'SECRET_READ', 'AUDIT_READ', 'CLIENT_READ', 'CLIENT_ADMIN',
        'WEBHOOK_READ', 'WEBHOOK_ADMIN']
$$;
COMMENT ON FUNCTION token_scopes_known IS 'Whether each is a scope: one list for clients and tokens.';

ALTER TABLE clients
    ADD COLUMN scopes text[] CHECK (token_scopes_known(scopes)),
    ADD COLUMN previous_secret_hash bytea,
    ADD COLUMN previous_secret_until timestamptz,
    ADD CHECK ((previous_secret_hash IS NULL) = (previous_secret_until IS NULL));
COMMENT ON COLUMN clients.scopes IS 'What its tokens can open; null: everything that its kind and role may do.';
COMMENT ON COLUMN clients.previous_secret_hash IS 'SHA-256 of the secret before the last rotation.';
COMMENT ON COLUMN clients.previous_secret_until IS 'How long that one is still taken.';
GRANT SELECT (scopes) ON clients TO berth_tenant, berth_storefront;

ALTER TABLE access_tokens ADD COLUMN scopes text[] CHECK (token_scopes_known(scopes));
COMMENT ON COLUMN access_tokens.scopes IS 'What it opens, within its client''s; null: all of these.';
