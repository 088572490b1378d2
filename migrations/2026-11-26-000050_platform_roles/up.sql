-- The provider's own people are members of the platform tenant, with roles of their own; its programs have one of
-- these roles too. (A client of kind PLATFORM without a role was made before, and is an administrator.)
CREATE OR REPLACE FUNCTION token_scopes_known(scopes text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT scopes <@ ARRAY[
        'CATALOGUE_READ', 'CATALOGUE_WRITE', 'FLEET_READ', 'FLEET_ADMIN', 'TENANT_READ', 'TENANT_WRITE',
        'MEMBER_WRITE', 'SUPPORT_ACT', 'SECRET_READ', 'AUDIT_READ', 'CLIENT_READ', 'CLIENT_ADMIN',
        'WEBHOOK_READ', 'WEBHOOK_ADMIN']
$$;
ALTER TABLE members
    DROP CONSTRAINT members_role_check,
    ADD CONSTRAINT members_role_check CHECK (role IN (
        'OWNER', 'ADMIN', 'BILLING', 'SUPPORT', 'VIEWER', 'PLATFORM_ADMIN', 'PLATFORM_SUPPORT', 'PLATFORM_BILLING')),
    ADD CONSTRAINT members_role_of_tenant CHECK (
        (role LIKE 'PLATFORM\_%') = (tenant_id = '00000000-0000-7000-8000-000000000001'));
ALTER TABLE clients
    DROP CONSTRAINT clients_role_check,
    DROP CONSTRAINT clients_check1,
    ADD CONSTRAINT clients_role_check CHECK (role IN (
        'OWNER', 'ADMIN', 'BILLING', 'SUPPORT', 'VIEWER', 'PLATFORM_ADMIN', 'PLATFORM_SUPPORT', 'PLATFORM_BILLING')),
    ADD CONSTRAINT clients_role_of_kind CHECK (
        CASE kind
            WHEN 'TENANT' THEN role IS NOT NULL AND role NOT LIKE 'PLATFORM\_%'
            WHEN 'PLATFORM' THEN role IS NULL OR role LIKE 'PLATFORM\_%'
            ELSE role IS NULL
        END);
COMMENT ON COLUMN members.role IS 'The last three are of the platform tenant alone: the provider''s own people.';
COMMENT ON COLUMN clients.role IS 'What it may do: for TENANT there, for PLATFORM everywhere. Null for PLATFORM: everything.';
