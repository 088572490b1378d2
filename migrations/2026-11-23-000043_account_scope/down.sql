REVOKE INSERT ON audit_log, audit_outcomes FROM berth_account;
DROP POLICY account ON audit_outcomes;
DROP POLICY account ON audit_log;
REVOKE SELECT (id, storefront_id, realm_id, email, name, locale, created_at) ON accounts FROM berth_account;
REVOKE SELECT ON members, tenants, storefronts FROM berth_account;
DROP POLICY account ON storefronts;
DROP POLICY account ON tenants;
DROP POLICY account ON members;
DROP POLICY account ON accounts;
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['applications', 'application_versions', 'plans', 'sites'] LOOP
        EXECUTE format('REVOKE SELECT ON %I FROM berth_account', name);
        EXECUTE format('DROP POLICY account ON %I', name);
    END LOOP;
END $$;
