-- The outbox of notices: written in the transaction of what they tell, sent by workers.
CREATE TABLE notices (
    id              uuid PRIMARY KEY,
    tenant_id       uuid NOT NULL REFERENCES tenants (id),
    storefront_id   uuid REFERENCES storefronts (id),
    kind            text NOT NULL CHECK (kind IN (
        'DEPLOYMENT_RUNNING', 'DEPLOYMENT_DEGRADED', 'DEPLOYMENT_REFUSED', 'DEPLOYMENT_DELETED',
        'DEPLOYMENT_PURGED', 'EMAIL_VERIFY', 'SIGN_UP_KNOWN', 'PASSWORD_RESET', 'PASSWORD_CHANGED',
        'EMAIL_CHANGE', 'EMAIL_CHANGED', 'RECOVERY_ADDRESS_VERIFY', 'RECOVERY_ADDRESS_CHANGED',
        'SECOND_FACTOR_ON', 'SECOND_FACTOR_OFF', 'RECOVERY_CODE_USED', 'RECOVERY_CODES_NEW',
        'SIGNED_IN_ELSEWHERE', 'IDENTITY_LINKED', 'IDENTITY_UNLINKED', 'INVITATION', 'MEMBER_REMOVED',
        'ROLE_CHANGED', 'SUPPORT_GRANT_OPENED')),
    recipient_name  text NOT NULL CHECK (length(recipient_name) <= 100),
    recipient_email text NOT NULL CHECK (length(recipient_email) BETWEEN 3 AND 254),
    locale          text CHECK (locale IN ('EN', 'DE', 'FR')),
    key_id          text,
    sealed          bytea,
    dedupe_key      text CHECK (length(dedupe_key) BETWEEN 1 AND 500),
    is_code         boolean NOT NULL,
    state           text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'SENT', 'FAILED', 'DISCARDED')),
    attempts        int NOT NULL DEFAULT 0,
    claimed_until   timestamptz,
    next_attempt_at timestamptz NOT NULL,
    give_up_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, dedupe_key),
    CHECK ((key_id IS NULL) = (sealed IS NULL)),
    CHECK ((state = 'QUEUED') = (sealed IS NOT NULL)),
    CHECK ((state = 'QUEUED') = (finished_at IS NULL)),
    CHECK (state = 'QUEUED' OR claimed_until IS NULL)
);
COMMENT ON TABLE notices IS 'What people are told by mail, on its way or gone.';
COMMENT ON COLUMN notices.tenant_id IS 'Of whom it tells; the platform tenant where it is about an account alone.';
COMMENT ON COLUMN notices.storefront_id IS 'Whose brand it has; null for the provider''s own.';
COMMENT ON COLUMN notices.recipient_name IS 'For the greeting; empty if it isn''t known.';
COMMENT ON COLUMN notices.locale IS 'The language that they read; null: the storefront''s.';
COMMENT ON COLUMN notices.sealed IS 'What it tells, as an envelope (store/src/envelope.rs) bound to the id. Erased when it is over.';
COMMENT ON COLUMN notices.dedupe_key IS 'A second notice of the same key and tenant is not written.';
COMMENT ON COLUMN notices.is_code IS 'Somebody waits for it in front of a page: it goes before others.';
COMMENT ON COLUMN notices.attempts IS 'That were begun. Who made the last one may write what came of it; an earlier one no longer.';
COMMENT ON COLUMN notices.claimed_until IS 'While a worker has it. Afterwards the worker is taken for dead.';
COMMENT ON COLUMN notices.next_attempt_at IS 'When it is due; while a worker has it, the end of the claim.';
COMMENT ON COLUMN notices.give_up_at IS 'From then on nobody tries any more.';
COMMENT ON COLUMN notices.finished_at IS 'When it was sent, refused, given up or discarded.';
CREATE INDEX notices_storefront ON notices (storefront_id);
CREATE INDEX notices_due ON notices (is_code DESC, next_attempt_at, id) WHERE state = 'QUEUED';
CREATE INDEX notices_given_up ON notices (give_up_at) WHERE state = 'QUEUED';
CREATE INDEX notices_finished ON notices (finished_at) WHERE finished_at IS NOT NULL;

-- Not wall_tenant: whoever causes a notice writes it, and nobody but workers reads one. What is about an
-- account alone belongs to the platform tenant, so that one may be written in any scope.
ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
CREATE POLICY worker ON notices TO berth_worker USING (true);
CREATE POLICY platform ON notices FOR INSERT TO berth_platform, berth_auth WITH CHECK (true);
CREATE POLICY tenant ON notices FOR INSERT TO berth_tenant
    WITH CHECK (tenant_id IN ((SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid),
                              '00000000-0000-7000-8000-000000000001')
                AND (storefront_id IS NULL
                     OR EXISTS (SELECT FROM storefronts s WHERE s.id = notices.storefront_id)));
CREATE POLICY storefront ON notices FOR INSERT TO berth_storefront
    WITH CHECK ((tenant_id = '00000000-0000-7000-8000-000000000001'
                 OR EXISTS (SELECT FROM tenants t WHERE t.id = notices.tenant_id))
                AND (storefront_id IS NULL
                     OR storefront_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid)));
GRANT SELECT, INSERT, UPDATE, DELETE ON notices TO berth_worker;
-- The columns that whoever writes one fills; where it is on its way is the workers'.
GRANT INSERT (id, tenant_id, storefront_id, kind, recipient_name, recipient_email, locale, key_id, sealed,
              dedupe_key, is_code, next_attempt_at, give_up_at, created_at)
    ON notices TO berth_platform, berth_auth, berth_tenant, berth_storefront;

CREATE FUNCTION notice_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('berth_notice', '');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION notice_written IS 'Wakes the workers at the commit.';
CREATE TRIGGER notice_written AFTER INSERT ON notices
    FOR EACH STATEMENT EXECUTE FUNCTION notice_written();
