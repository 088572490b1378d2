-- Accounts belong to a realm: a storefront's, or the provider's own. One e-mail address is one account in it, and
-- nobody's account elsewhere: two shops that share a provider don't share their customers.
-- (A binary that doesn't know realms can't add members any more.)

ALTER TABLE tenants
    ADD COLUMN realm_id uuid NOT NULL
        GENERATED ALWAYS AS (coalesce(storefront_id, '00000000-0000-7000-8000-000000000001'::uuid)) STORED,
    ADD UNIQUE (realm_id, id);
COMMENT ON COLUMN tenants.realm_id IS 'Whose accounts can be its members: the storefront, or the platform tenant where there is none.';

ALTER TABLE accounts
    ADD COLUMN storefront_id     uuid REFERENCES storefronts (id),
    ADD COLUMN realm_id          uuid NOT NULL
        GENERATED ALWAYS AS (coalesce(storefront_id, '00000000-0000-7000-8000-000000000001'::uuid)) STORED,
    ADD COLUMN email_verified_at timestamptz,
    ADD COLUMN locale            text CHECK (locale IN ('EN', 'DE', 'FR')),
    ADD COLUMN recovery_email    text CHECK (length(recovery_email) BETWEEN 3 AND 254),
    ADD COLUMN terms_version     text CHECK (length(terms_version) BETWEEN 1 AND 50),
    ADD COLUMN terms_accepted_at timestamptz,
    ADD UNIQUE (realm_id, id),
    ADD CHECK ((terms_version IS NULL) = (terms_accepted_at IS NULL));
COMMENT ON TABLE accounts IS 'A person in a realm. One account can be a member of several tenants of it.';
COMMENT ON COLUMN accounts.storefront_id IS 'The storefront whose account it is; null: the provider''s own.';
COMMENT ON COLUMN accounts.realm_id IS 'The storefront, or the platform tenant where there is none: never null, for references and walls.';
COMMENT ON COLUMN accounts.email_verified_at IS 'When its mailbox was last proven; null: somebody else named the address.';
COMMENT ON COLUMN accounts.locale IS 'The language it reads; null: its storefront''s.';
COMMENT ON COLUMN accounts.recovery_email IS 'Verified, and outside of what its tenants host: how it gets in when its mailbox is lost.';

-- An account takes the realm of its first tenant. In tenants of other realms a copy takes its place.
UPDATE accounts a SET storefront_id = f.storefront_id
FROM (SELECT DISTINCT ON (m.account_id) m.account_id, t.storefront_id
      FROM members m JOIN tenants t ON t.id = m.tenant_id ORDER BY m.account_id, m.id) f
WHERE f.account_id = a.id;

CREATE TEMPORARY TABLE copies ON COMMIT DROP AS
SELECT gen_random_uuid() AS id, w.account_id, w.storefront_id
FROM (SELECT DISTINCT m.account_id, t.storefront_id
      FROM members m JOIN tenants t ON t.id = m.tenant_id JOIN accounts a ON a.id = m.account_id
      WHERE t.storefront_id IS DISTINCT FROM a.storefront_id) w;
INSERT INTO accounts (id, storefront_id, email, name, created_at)
SELECT c.id, c.storefront_id, a.email, a.name, a.created_at FROM copies c JOIN accounts a ON a.id = c.account_id;
UPDATE members m SET account_id = c.id FROM copies c, tenants t
WHERE c.account_id = m.account_id AND t.id = m.tenant_id AND t.storefront_id IS NOT DISTINCT FROM c.storefront_id;

-- Several accounts of one address in a realm become the oldest of them. In a tenant that had several of them as
-- members, the highest role stays.
CREATE TEMPORARY TABLE doubles ON COMMIT DROP AS
SELECT id, first FROM (
    SELECT id, first_value(id) OVER (PARTITION BY realm_id, lower(email) ORDER BY created_at, id) AS first FROM accounts) a
WHERE id <> first;
DELETE FROM members WHERE id IN (
    SELECT id FROM (
        SELECT m.id, row_number() OVER (
            PARTITION BY m.tenant_id, coalesce(d.first, m.account_id)
            ORDER BY array_position(ARRAY['OWNER', 'ADMIN', 'SUPPORT', 'BILLING', 'VIEWER'], m.role), m.id) AS place
        FROM members m LEFT JOIN doubles d ON d.id = m.account_id) ranked
    WHERE place > 1);
UPDATE members SET account_id = d.first FROM doubles d WHERE d.id = account_id;
DELETE FROM accounts USING doubles d WHERE accounts.id = d.id;

DROP INDEX accounts_email;
CREATE UNIQUE INDEX accounts_email ON accounts (realm_id, lower(email));
CREATE INDEX accounts_storefront ON accounts (storefront_id, id);

-- A member's account is of its tenant's realm.
ALTER TABLE members ADD COLUMN realm_id uuid;
UPDATE members m SET realm_id = t.realm_id FROM tenants t WHERE t.id = m.tenant_id;
ALTER TABLE members
    ALTER COLUMN realm_id SET NOT NULL,
    ADD FOREIGN KEY (realm_id, account_id) REFERENCES accounts (realm_id, id),
    ADD FOREIGN KEY (realm_id, tenant_id) REFERENCES tenants (realm_id, id);
COMMENT ON COLUMN members.realm_id IS 'Of both its tenant and its account.';
CREATE INDEX members_realm_account ON members (realm_id, account_id);
CREATE INDEX members_realm_tenant ON members (realm_id, tenant_id);

-- A storefront knows the accounts of its realm; a tenant those of its members. Not how they get in again.
REVOKE SELECT, INSERT ON accounts FROM berth_tenant, berth_storefront;
GRANT SELECT (id, storefront_id, realm_id, email, name, locale, created_at),
    INSERT (id, storefront_id, email, name, locale, created_at) ON accounts TO berth_tenant, berth_storefront;
DROP POLICY member ON accounts;
DROP POLICY newcomer ON accounts;
CREATE POLICY tenant ON accounts FOR SELECT TO berth_tenant
    USING (EXISTS (SELECT FROM members m WHERE m.account_id = accounts.id));
CREATE POLICY newcomer ON accounts FOR INSERT TO berth_tenant
    WITH CHECK (EXISTS (SELECT FROM tenants t WHERE t.realm_id = accounts.realm_id));
CREATE POLICY storefront ON accounts TO berth_storefront
    USING (realm_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
