DROP POLICY tenant ON accounts;
DROP POLICY newcomer ON accounts;
DROP POLICY storefront ON accounts;
REVOKE SELECT (id, storefront_id, realm_id, email, name, locale, created_at),
    INSERT (id, storefront_id, email, name, locale, created_at) ON accounts FROM berth_tenant, berth_storefront;
GRANT SELECT, INSERT ON accounts TO berth_tenant, berth_storefront;
ALTER TABLE members DROP COLUMN realm_id;
DROP INDEX accounts_email;
ALTER TABLE accounts
    DROP COLUMN realm_id,
    DROP COLUMN storefront_id,
    DROP COLUMN email_verified_at,
    DROP COLUMN locale,
    DROP COLUMN recovery_email,
    DROP COLUMN terms_version,
    DROP COLUMN terms_accepted_at;
ALTER TABLE tenants DROP COLUMN realm_id;
COMMENT ON TABLE accounts IS 'A person. One account can be a member of several tenants.';
CREATE INDEX accounts_email ON accounts (lower(email));
CREATE POLICY member ON accounts FOR SELECT TO berth_tenant, berth_storefront
    USING (EXISTS (SELECT FROM members m WHERE m.account_id = accounts.id));
CREATE POLICY newcomer ON accounts FOR INSERT TO berth_tenant, berth_storefront WITH CHECK (true);
