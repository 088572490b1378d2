-- Support grants: the provider's people act for a tenant only by one, for a while, for a reason that the tenant reads.
CREATE TABLE support_grants (
    id          uuid PRIMARY KEY,
    tenant_id   uuid NOT NULL REFERENCES tenants (id),
    account_id  uuid NOT NULL REFERENCES accounts (id),
    staff_name  text NOT NULL CHECK (length(staff_name) BETWEEN 1 AND 100),
    role        text NOT NULL,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    UNIQUE (tenant_id, id),
    CHECK (tenant_id <> '00000000-0000-7000-8000-000000000001' AND role IN ('BILLING', 'SUPPORT', 'VIEWER')),
    CHECK (expires_at > created_at AND expires_at <= created_at + interval '8 hours')
);
COMMENT ON TABLE support_grants IS 'By which one of the provider''s people acts for a tenant, for a while. Kept: the tenant sees who was there, and why.';
COMMENT ON COLUMN support_grants.account_id IS 'Who of the provider''s people.';
COMMENT ON COLUMN support_grants.staff_name IS 'Their name then. Tenants see no account of the provider''s realm.';
COMMENT ON COLUMN support_grants.role IS 'As what. Never one that reads secrets or changes members.';
COMMENT ON COLUMN support_grants.ended_at IS 'When it was ended before its time.';
CREATE INDEX support_grants_tenant ON support_grants (tenant_id, id);
CREATE INDEX support_grants_account ON support_grants (account_id);
SELECT wall_tenant('support_grants');
REVOKE DELETE ON support_grants FROM berth_platform, berth_worker;
GRANT SELECT, UPDATE (ended_at) ON support_grants TO berth_tenant, berth_storefront;

ALTER TABLE access_tokens ADD COLUMN support_grant_id uuid REFERENCES support_grants (id);
COMMENT ON COLUMN access_tokens.support_grant_id IS 'The support grant that it acts by: for that tenant alone, and no longer than that.';
CREATE INDEX access_tokens_support_grant ON access_tokens (support_grant_id) WHERE support_grant_id IS NOT NULL;
CREATE POLICY auth ON support_grants FOR SELECT TO berth_auth USING (true);
GRANT SELECT (id, tenant_id, account_id, role, expires_at, ended_at) ON support_grants TO berth_auth;

CREATE FUNCTION webhook_support_grant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM webhook_tell(NEW.tenant_id, TG_ARGV[0], jsonb_build_object(
        'supportGrantId', NEW.id, 'role', NEW.role));
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_made AFTER INSERT ON support_grants
    FOR EACH ROW EXECUTE FUNCTION webhook_support_grant('support_grant.created');
CREATE TRIGGER webhook_changed AFTER UPDATE ON support_grants
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION webhook_support_grant('support_grant.ended');
