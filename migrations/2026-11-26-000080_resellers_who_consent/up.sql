-- The consent page knows which of a person's tenants resell a storefront, and asks about clients there alone.
CREATE POLICY login_reseller ON storefronts FOR SELECT TO berth_login
    USING (reseller_realm_id = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
