-- Signing in, and what changes how somebody does, are lines of the provider's audit log, which the person sees too.
ALTER TABLE audit_log ADD COLUMN account_id uuid;
COMMENT ON COLUMN audit_log.account_id IS 'Whose sign-in it is about: they see the line on their page. Null for all other lines, and for addresses without an account.';
CREATE INDEX audit_log_account ON audit_log (account_id, id) WHERE account_id IS NOT NULL;

-- The pages write lines of the provider's log, about people of their realm, and read those again. Nobody else's.
CREATE POLICY login_write ON audit_log FOR INSERT TO berth_login
    WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000001'
                AND (account_id IS NULL OR EXISTS (SELECT FROM accounts a WHERE a.id = account_id)));
CREATE POLICY login_read ON audit_log FOR SELECT TO berth_login
    USING (tenant_id = '00000000-0000-7000-8000-000000000001'
           AND EXISTS (SELECT FROM accounts a WHERE a.id = account_id));
GRANT SELECT (id, tenant_id, action, subject, remote, user_agent, account_id, opened, at),
    INSERT (id, tenant_id, actor, action, subject, remote, user_agent, account_id, opened, at)
    ON audit_log TO berth_login;
CREATE POLICY login_write ON audit_outcomes FOR INSERT TO berth_login
    WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000001');
CREATE POLICY login_read ON audit_outcomes FOR SELECT TO berth_login
    USING (EXISTS (SELECT FROM audit_log l WHERE l.id = entry_id));
GRANT SELECT (entry_id, error_code), INSERT (entry_id, tenant_id, error_code, at) ON audit_outcomes TO berth_login;
