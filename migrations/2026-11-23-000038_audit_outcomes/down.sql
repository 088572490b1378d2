-- What was refused, or may not have been done, would read as done.
DELETE FROM audit_outcomes WHERE error_code IS NOT NULL;
DELETE FROM audit_log l WHERE opened AND NOT EXISTS (SELECT FROM audit_outcomes o WHERE o.entry_id = l.id);
DROP TABLE audit_outcomes;
DROP INDEX audit_log_tenant_action, audit_log_tenant_actor, audit_log_action, audit_log_actor;
ALTER TABLE audit_log
    DROP COLUMN remote,
    DROP COLUMN user_agent,
    DROP COLUMN opened,
    DROP COLUMN copy_of;
COMMENT ON TABLE audit_log IS 'Who did what for whom, and when. Nobody may change or remove a line.';
COMMENT ON COLUMN audit_log.at IS NULL;
