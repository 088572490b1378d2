-- A line of the audit log is written before what it tells begins, and says afterwards what came of it. Nobody may
-- change a line, so that its completion is a row of its own.
ALTER TABLE audit_log
    ADD COLUMN remote     text CHECK (length(remote) <= 45),
    ADD COLUMN user_agent text CHECK (length(user_agent) <= 200),
    ADD COLUMN opened     boolean NOT NULL DEFAULT false,
    ADD COLUMN copy_of    uuid;
COMMENT ON TABLE audit_log IS 'Who did what for whom, from where, and when. Nobody may change or remove a line.';
COMMENT ON COLUMN audit_log.at IS 'When it was written: before the effect if it was opened, else with it.';
COMMENT ON COLUMN audit_log.remote IS 'The address that the request came from.';
COMMENT ON COLUMN audit_log.user_agent IS 'What the caller''s program calls itself.';
COMMENT ON COLUMN audit_log.opened IS
    'Whether it was written before the effect, so that audit_outcomes says what came of it. Others were done.';
COMMENT ON COLUMN audit_log.copy_of IS
    'The line that was opened before it was known that this tenant is acted for: one change, told to both.';
CREATE INDEX audit_log_tenant_action ON audit_log (tenant_id, action, id);
CREATE INDEX audit_log_tenant_actor ON audit_log (tenant_id, actor, id);
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_actor ON audit_log (actor, id);

CREATE TABLE audit_outcomes (
    entry_id   uuid PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    error_code text CHECK (error_code ~ '^[A-Z_]{1,50}$'),
    subject    text,
    at         timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, entry_id) REFERENCES audit_log (tenant_id, id)
);
COMMENT ON TABLE audit_outcomes IS
    'What came of an opened line: with the effect if it was done, alone if it was refused. Without a row nobody knows.';
COMMENT ON COLUMN audit_outcomes.error_code IS 'Why it was refused; null: it was done.';
COMMENT ON COLUMN audit_outcomes.subject IS 'The global id of what it was done to, where the line could not say yet.';
COMMENT ON COLUMN audit_outcomes.at IS 'When.';
SELECT wall_tenant('audit_outcomes');
REVOKE UPDATE, DELETE ON audit_outcomes FROM berth_platform, berth_worker;
GRANT SELECT, INSERT ON audit_outcomes TO berth_tenant, berth_storefront;
-- As with the lines: what a storefront does for itself.
CREATE POLICY storefront_itself ON audit_outcomes FOR INSERT TO berth_storefront
    WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000001');
