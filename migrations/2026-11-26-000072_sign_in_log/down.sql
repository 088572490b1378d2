REVOKE SELECT (entry_id, error_code), INSERT (entry_id, tenant_id, error_code, at) ON audit_outcomes FROM berth_login;
DROP POLICY login_read ON audit_outcomes;
DROP POLICY login_write ON audit_outcomes;
REVOKE SELECT (id, tenant_id, action, subject, remote, user_agent, account_id, opened, at),
    INSERT (id, tenant_id, actor, action, subject, remote, user_agent, account_id, opened, at)
    ON audit_log FROM berth_login;
DROP POLICY login_read ON audit_log;
DROP POLICY login_write ON audit_log;
ALTER TABLE audit_log DROP COLUMN account_id;
