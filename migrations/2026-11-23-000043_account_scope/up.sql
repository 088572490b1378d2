-- Somebody who signed in and acts for no tenant yet: sees the catalogue, and their own account and memberships.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['applications', 'application_versions', 'plans', 'sites'] LOOP
        EXECUTE format('CREATE POLICY account ON %I FOR SELECT TO berth_account USING (true)', name);
        EXECUTE format('GRANT SELECT ON %I TO berth_account', name);
    END LOOP;
END $$;
CREATE POLICY account ON accounts FOR SELECT TO berth_account
    USING (id = (SELECT nullif(current_setting('berth.account_id', true), '')::uuid));
CREATE POLICY account ON members FOR SELECT TO berth_account
    USING (account_id = (SELECT nullif(current_setting('berth.account_id', true), '')::uuid));
CREATE POLICY account ON tenants FOR SELECT TO berth_account
    USING (EXISTS (SELECT FROM members m WHERE m.tenant_id = tenants.id OFFSET 0));
CREATE POLICY account ON storefronts FOR SELECT TO berth_account
    USING (EXISTS (SELECT FROM accounts a WHERE a.storefront_id = storefronts.id));
GRANT SELECT ON members, tenants, storefronts TO berth_account;
GRANT SELECT (id, storefront_id, realm_id, email, name, locale, created_at) ON accounts TO berth_account;

-- What somebody tries is written down in the provider's log, as with storefronts.
CREATE POLICY account ON audit_log FOR INSERT TO berth_account
    WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000001');
CREATE POLICY account ON audit_outcomes FOR INSERT TO berth_account
    WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000001');
GRANT INSERT ON audit_log, audit_outcomes TO berth_account;
