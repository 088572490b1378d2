-- Invitations: somebody is asked to become a member, and becomes one by a code that only their mailbox has.
CREATE TABLE invitations (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    realm_id     uuid NOT NULL,
    email        text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    role         text NOT NULL CHECK (role IN (
        'OWNER', 'ADMIN', 'BILLING', 'SUPPORT', 'VIEWER', 'PLATFORM_ADMIN', 'PLATFORM_SUPPORT', 'PLATFORM_BILLING')),
    inviter_name text NOT NULL CHECK (length(inviter_name) BETWEEN 1 AND 100),
    code_hash    bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (realm_id, tenant_id) REFERENCES tenants (realm_id, id),
    CHECK ((role LIKE 'PLATFORM\_%') = (tenant_id = '00000000-0000-7000-8000-000000000001'))
);
COMMENT ON TABLE invitations IS 'Who is asked to become a member. Gone when it is accepted, declined, taken back or over; the audit log keeps it.';
COMMENT ON COLUMN invitations.realm_id IS 'Of its tenant: whose accounts can accept.';
COMMENT ON COLUMN invitations.inviter_name IS 'Who asks, as the mail and the page say it.';
COMMENT ON COLUMN invitations.code_hash IS 'SHA-256 of the code, which is 80 random bits and in a mail to the address alone.';
-- One for each address and tenant: who is asked again has the newest code alone.
CREATE UNIQUE INDEX invitations_email ON invitations (tenant_id, lower(email));
CREATE INDEX invitations_realm ON invitations (realm_id, tenant_id);
CREATE INDEX invitations_expiry ON invitations (expires_at);
SELECT wall_tenant('invitations');
-- Nobody who asks sees a code's hash.
GRANT SELECT (id, tenant_id, realm_id, email, role, inviter_name, created_at, expires_at), INSERT, DELETE
    ON invitations TO berth_tenant, berth_storefront;
-- The pages find one by its code.
CREATE POLICY login ON invitations FOR SELECT TO berth_login
    USING (realm_id = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
GRANT SELECT ON invitations TO berth_login;

CREATE FUNCTION webhook_invitation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    invitation invitations := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    PERFORM webhook_tell(invitation.tenant_id, TG_ARGV[0], jsonb_build_object(
        'invitationId', invitation.id, 'role', invitation.role));
    RETURN NULL;
END $$;
CREATE TRIGGER webhook_made AFTER INSERT ON invitations
    FOR EACH ROW EXECUTE FUNCTION webhook_invitation('invitation.created');
CREATE TRIGGER webhook_removed AFTER DELETE ON invitations
    FOR EACH ROW EXECUTE FUNCTION webhook_invitation('invitation.deleted');
