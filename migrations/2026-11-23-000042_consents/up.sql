-- The authorisation code flow (OAuth 2.1): what people let clients do, and the tokens that come of it.

ALTER TABLE clients
    ADD COLUMN redirect_uris text[] NOT NULL DEFAULT '{}' CHECK (cardinality(redirect_uris) <= 20),
    ADD COLUMN is_public     boolean NOT NULL DEFAULT false,
    ALTER COLUMN secret_hash DROP NOT NULL,
    ADD CHECK (is_public = (secret_hash IS NULL)),
    ADD CHECK (NOT is_public OR cardinality(redirect_uris) > 0),
    ADD CHECK (kind <> 'TENANT' OR cardinality(redirect_uris) = 0);
COMMENT ON COLUMN clients.secret_hash IS 'SHA-256 of the secret, which is 256 random bits; null for a public client.';
COMMENT ON COLUMN clients.redirect_uris IS 'Where people are sent back to; none: it can''t ask people.';
COMMENT ON COLUMN clients.is_public IS 'Runs in a browser or on a phone, and so can keep no secret (RFC 6749 section 2.1).';
GRANT SELECT (redirect_uris, is_public) ON clients TO berth_tenant, berth_storefront;

-- The pages know the clients of their realm, those of the provider in the provider's own.
CREATE POLICY login ON clients FOR SELECT TO berth_login
    USING (kind <> 'TENANT'
           AND coalesce(storefront_id, tenant_id) = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
GRANT SELECT (id, kind, name, storefront_id, tenant_id, role, scopes, redirect_uris, is_public, created_at)
    ON clients TO berth_login;
-- And in which tenants their people are.
CREATE POLICY login ON members FOR SELECT TO berth_login
    USING (realm_id = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
CREATE POLICY login ON tenants FOR SELECT TO berth_login
    USING (realm_id = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
GRANT SELECT ON members, tenants TO berth_login;
-- What a member may do is looked up with its token.
CREATE POLICY auth ON members FOR SELECT TO berth_auth USING (true);
GRANT SELECT (tenant_id, account_id, role) ON members TO berth_auth;

CREATE TABLE consents (
    id         uuid PRIMARY KEY,
    realm_id   uuid NOT NULL,
    account_id uuid NOT NULL,
    client_id  uuid NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    tenant_id  uuid,
    scopes     text[] NOT NULL CHECK (token_scopes_known(scopes)),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE NULLS NOT DISTINCT (account_id, client_id, tenant_id),
    FOREIGN KEY (realm_id, account_id) REFERENCES accounts (realm_id, id) ON DELETE CASCADE,
    -- Who leaves a tenant takes along what they let others do there.
    FOREIGN KEY (tenant_id, account_id) REFERENCES members (tenant_id, account_id) ON DELETE CASCADE
);
COMMENT ON TABLE consents IS 'What a person lets a client do in their name.';
COMMENT ON COLUMN consents.tenant_id IS 'Where, as the member that the person is there; null: with the account alone.';
CREATE INDEX consents_realm_account ON consents (realm_id, account_id);
CREATE INDEX consents_client ON consents (client_id);
CREATE INDEX consents_member ON consents (tenant_id, account_id);
SELECT wall_login('consents', 'realm_id = (SELECT nullif(current_setting(''berth.realm_id'', true), '''')::uuid)');

CREATE TABLE grants (
    id              uuid PRIMARY KEY,
    consent_id      uuid NOT NULL REFERENCES consents (id) ON DELETE CASCADE,
    scopes          text[] NOT NULL CHECK (token_scopes_known(scopes)),
    code_hash       bytea NOT NULL UNIQUE,
    code_challenge  bytea NOT NULL CHECK (length(code_challenge) = 32),
    code_expires_at timestamptz NOT NULL,
    redirect_uri    text NOT NULL,
    redeemed_at     timestamptz,
    created_at      timestamptz NOT NULL
);
COMMENT ON TABLE grants IS 'An authorisation code, and once it is redeemed all tokens that descend from it. A code that comes twice ends them.';
COMMENT ON COLUMN grants.code_hash IS 'SHA-256 of the code, which is 256 random bits.';
COMMENT ON COLUMN grants.code_challenge IS 'SHA-256 of the verifier that the client must show (RFC 7636).';
CREATE INDEX grants_consent ON grants (consent_id);
CREATE INDEX grants_expiry ON grants (code_expires_at) WHERE redeemed_at IS NULL;
SELECT wall_login('grants', 'EXISTS (SELECT FROM consents c WHERE c.id = consent_id)');

CREATE TABLE refresh_tokens (
    id         uuid PRIMARY KEY,
    grant_id   uuid NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    used_at    timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE refresh_tokens IS 'Each is good once and gives its successor; one that comes again ends all tokens of its grant (RFC 9700 section 4.14).';
COMMENT ON COLUMN refresh_tokens.token_hash IS 'SHA-256 of the token, which is 256 random bits.';
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
SELECT wall_login('refresh_tokens', 'EXISTS (SELECT FROM grants g WHERE g.id = grant_id)');

ALTER TABLE access_tokens ADD COLUMN grant_id uuid REFERENCES grants (id) ON DELETE CASCADE;
COMMENT ON COLUMN access_tokens.grant_id IS 'The person''s leave that it comes of; null: the client''s own.';
CREATE INDEX access_tokens_grant ON access_tokens (grant_id) WHERE grant_id IS NOT NULL;

-- The token endpoint redeems codes, and never reads what proves who somebody is.
CREATE POLICY auth ON consents FOR SELECT TO berth_auth USING (true);
CREATE POLICY auth ON grants TO berth_auth USING (true);
CREATE POLICY auth ON refresh_tokens TO berth_auth USING (true);
GRANT SELECT ON consents TO berth_auth;
GRANT SELECT, UPDATE (redeemed_at), DELETE ON grants TO berth_auth;
GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON refresh_tokens TO berth_auth;

-- Which domains are hosted for somebody: a recovery address must be elsewhere.
CREATE POLICY login ON deployments FOR SELECT TO berth_login
    USING (EXISTS (SELECT FROM tenants t WHERE t.id = deployments.tenant_id OFFSET 0));
GRANT SELECT (tenant_id, domain_name) ON deployments TO berth_login;
