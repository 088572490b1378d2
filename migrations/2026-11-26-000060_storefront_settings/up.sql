-- What a provider, a reseller and a storefront's own client set of a storefront through the API, and whose clients
-- they see.
ALTER TABLE storefronts
    ADD COLUMN cors_origins    text[] NOT NULL DEFAULT '{}' CHECK (cardinality(cors_origins) <= 20),
    ADD COLUMN reseller_id     uuid,
    -- A reseller is a tenant of the provider's own realm: a storefront's customer can't resell another storefront.
    ADD COLUMN reseller_realm_id uuid GENERATED ALWAYS AS (
        CASE WHEN reseller_id IS NOT NULL THEN '00000000-0000-7000-8000-000000000001'::uuid END) STORED,
    ADD FOREIGN KEY (reseller_realm_id, reseller_id) REFERENCES tenants (realm_id, id);
COMMENT ON COLUMN storefronts.cors_origins IS 'Where its browser code may run, as browsers name it in Origin: compared letter by letter.';
COMMENT ON COLUMN storefronts.reseller_id IS 'The tenant that owns it; null: the provider itself.';
COMMENT ON COLUMN storefronts.reseller_realm_id IS 'The provider''s realm, where there is a reseller: for the reference.';
CREATE INDEX storefronts_reseller ON storefronts (reseller_id);
CREATE INDEX storefronts_cors_origins ON storefronts USING gin (cors_origins);

-- A reseller sees its storefronts. Neither it nor a storefront's client sets a host, a sender's address or the
-- reseller: these are the provider's alone (docs/decisions/0023-storefronts.md).
CREATE POLICY reseller ON storefronts TO berth_tenant
    USING (reseller_id = (SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid));
CREATE POLICY storefront_update ON storefronts FOR UPDATE TO berth_storefront
    USING (id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
GRANT UPDATE (name, accent_color, background_color, logo_url, support_email, support_url, terms_url, terms_version,
              privacy_url, imprint_url, locale, cors_origins)
    ON storefronts TO berth_tenant, berth_storefront;

-- A storefront sees its own clients, and a reseller makes, changes and removes those of its storefronts. A tenant's
-- own stay the provider's to make.
CREATE POLICY storefront_itself ON clients FOR SELECT TO berth_storefront
    USING (storefront_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
DROP POLICY tenant ON clients;
CREATE POLICY tenant ON clients FOR SELECT TO berth_tenant
    USING (tenant_id = (SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid));
CREATE POLICY reseller ON clients TO berth_tenant
    USING (kind = 'STOREFRONT'
           AND tenant_id = '00000000-0000-7000-8000-000000000001'
           AND EXISTS (SELECT FROM storefronts s
                       WHERE s.id = clients.storefront_id
                         AND s.reseller_id = (SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid)));
GRANT INSERT (id, kind, name, storefront_id, tenant_id, role, scopes, redirect_uris, is_public, secret_hash, created_at),
    UPDATE (secret_hash, previous_secret_until), DELETE ON clients TO berth_tenant;

-- Who changes a secret need not be able to read one: the one before is kept by whatever statement replaces it.
CREATE FUNCTION client_secret_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.secret_hash IS DISTINCT FROM OLD.secret_hash AND NEW.previous_secret_until IS NOT NULL THEN
        NEW.previous_secret_hash := OLD.secret_hash;
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION client_secret_keep IS 'Keeps the hash of the secret before.';
CREATE TRIGGER secret_keep BEFORE UPDATE OF secret_hash ON clients
    FOR EACH ROW EXECUTE FUNCTION client_secret_keep();
