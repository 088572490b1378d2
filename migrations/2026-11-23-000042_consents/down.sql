REVOKE SELECT (tenant_id, domain_name) ON deployments FROM berth_login;
DROP POLICY login ON deployments;
DELETE FROM access_tokens WHERE grant_id IS NOT NULL;
ALTER TABLE access_tokens DROP COLUMN grant_id;
DROP TABLE refresh_tokens;
DROP TABLE grants;
DROP TABLE consents;
DROP POLICY auth ON members;
REVOKE SELECT (tenant_id, account_id, role) ON members FROM berth_auth;
DROP POLICY login ON tenants;
DROP POLICY login ON members;
REVOKE SELECT ON members, tenants FROM berth_login;
DROP POLICY login ON clients;
REVOKE SELECT (id, kind, name, storefront_id, tenant_id, role, scopes, redirect_uris, is_public, created_at)
    ON clients FROM berth_login;
DELETE FROM clients WHERE is_public;
ALTER TABLE clients DROP COLUMN redirect_uris, DROP COLUMN is_public, ALTER COLUMN secret_hash SET NOT NULL;
COMMENT ON COLUMN clients.secret_hash IS 'SHA-256 of the secret, which is 256 random bits.';
