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
