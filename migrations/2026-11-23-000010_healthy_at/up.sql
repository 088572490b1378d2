-- When a deployment was healthy for the first time. Its state can't tell: what ran once can be DEGRADED later,
-- as can what never ran, and only the latter may be undone by a cancel of its creation.
ALTER TABLE deployments ADD COLUMN healthy_at timestamptz;
COMMENT ON COLUMN deployments.healthy_at IS 'When it was healthy for the first time. From then on it is its operator''s: it goes by a delete and its retention time alone.';
-- Of what is there already, all that may have run.
UPDATE deployments SET healthy_at = updated_at
    WHERE state IN ('RUNNING', 'STOPPED', 'DEGRADED', 'DELETED');
