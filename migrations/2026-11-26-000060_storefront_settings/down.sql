DROP TRIGGER secret_keep ON clients;
DROP FUNCTION client_secret_keep;
REVOKE INSERT (id, kind, name, storefront_id, tenant_id, role, scopes, redirect_uris, is_public, secret_hash, created_at),
    UPDATE (secret_hash, previous_secret_until), DELETE ON clients FROM berth_tenant;
DROP POLICY reseller ON clients;
DROP POLICY tenant ON clients;
CREATE POLICY tenant ON clients TO berth_tenant
    USING (tenant_id = (SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid));
DROP POLICY storefront_itself ON clients;
REVOKE UPDATE (name, accent_color, background_color, logo_url, support_email, support_url, terms_url, terms_version,
               privacy_url, imprint_url, locale, cors_origins)
    ON storefronts FROM berth_tenant, berth_storefront;
DROP POLICY storefront_update ON storefronts;
DROP POLICY reseller ON storefronts;
ALTER TABLE storefronts DROP COLUMN reseller_realm_id, DROP COLUMN reseller_id, DROP COLUMN cors_origins;
