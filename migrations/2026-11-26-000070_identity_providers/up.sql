-- Where people of a realm have an account already, with which they can sign in here too (OpenID Connect).
CREATE TABLE identity_providers (
    id            uuid PRIMARY KEY,
    storefront_id uuid REFERENCES storefronts (id),
    realm_id      uuid NOT NULL
        GENERATED ALWAYS AS (coalesce(storefront_id, '00000000-0000-7000-8000-000000000001'::uuid)) STORED,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    issuer        text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 500),
    client_id     text NOT NULL CHECK (length(client_id) BETWEEN 1 AND 200),
    key_id        text NOT NULL,
    sealed        bytea NOT NULL,
    enabled       boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    UNIQUE (realm_id, id),
    CONSTRAINT identity_providers_issuer UNIQUE (realm_id, issuer)
);
COMMENT ON TABLE identity_providers IS 'Where people of a realm have an account already, with which they can sign in here too.';
COMMENT ON COLUMN identity_providers.storefront_id IS 'Whose people; null: the provider''s own.';
COMMENT ON COLUMN identity_providers.realm_id IS 'The storefront, or the platform tenant where there is none: never null, for references and walls.';
COMMENT ON COLUMN identity_providers.name IS 'What people know it by: the text of the button.';
COMMENT ON COLUMN identity_providers.issuer IS 'Its name in the protocol, to the letter. Never changed: its subjects would be other people.';
COMMENT ON COLUMN identity_providers.client_id IS 'What it knows Berth by.';
COMMENT ON COLUMN identity_providers.sealed IS 'The client''s secret as an envelope (store/src/envelope.rs), bound to the row.';
CREATE INDEX identity_providers_storefront ON identity_providers (storefront_id, id);
SELECT wall_platform('identity_providers');
CREATE POLICY storefront ON identity_providers TO berth_storefront
    USING (storefront_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
-- It writes secrets and never reads one.
GRANT SELECT (id, storefront_id, realm_id, name, issuer, client_id, enabled, created_at, updated_at),
    INSERT, DELETE, UPDATE (name, client_id, key_id, sealed, enabled, updated_at)
    ON identity_providers TO berth_storefront;
-- The pages prove themselves with it.
CREATE POLICY login ON identity_providers FOR SELECT TO berth_login
    USING (realm_id = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
GRANT SELECT ON identity_providers TO berth_login;
