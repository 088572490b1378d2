CREATE TABLE operations (
    id                  uuid PRIMARY KEY,
    tenant_id           uuid NOT NULL REFERENCES tenants (id),
    kind                text NOT NULL CHECK (kind IN
        ('DEPLOYMENT_CREATE', 'DEPLOYMENT_START', 'DEPLOYMENT_STOP', 'DEPLOYMENT_RESTART', 'DEPLOYMENT_RESIZE',
         'DEPLOYMENT_DELETE', 'DEPLOYMENT_RESTORE', 'DEPLOYMENT_PURGE', 'DEPLOYMENT_REPAIR', 'DEPLOYMENT_REBUILD',
         'MACHINE_ENROLL')),
    state               text NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    deployment_id       uuid,
    machine_id          uuid REFERENCES machines (id),
    lock_key            uuid NOT NULL,
    fair_at             bigint NOT NULL,
    run_after           timestamptz NOT NULL,
    attempts            int NOT NULL DEFAULT 0,
    claim_number        bigint NOT NULL DEFAULT 0,
    claimed_by          text,
    lease_until         timestamptz,
    cancel_requested_at timestamptz,
    superseded_at       timestamptz,
    last_event          bigint NOT NULL DEFAULT 0,
    error_code          text,
    error_message       text,
    console_tail        text,
    request_id          text,
    created_at          timestamptz NOT NULL,
    started_at          timestamptz,
    finished_at         timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, deployment_id) REFERENCES deployments (tenant_id, id),
    CHECK ((deployment_id IS NULL) <> (machine_id IS NULL)),
    CHECK ((state = 'RUNNING') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) = (finished_at IS NOT NULL))
);
COMMENT ON TABLE operations IS 'One long-running piece of work. It has no input: it makes the desired state true.';
COMMENT ON COLUMN operations.lock_key IS 'The virtual machine or machine it works on: one operation of a key runs at a time, in the order of created_at.';
COMMENT ON COLUMN operations.fair_at IS 'Its place in the queue: see operation_fair_at().';
COMMENT ON COLUMN operations.claim_number IS 'Grows with every claim; what a worker writes is accepted only with the current one.';
COMMENT ON COLUMN operations.superseded_at IS 'A later one made it needless: it ends at the next step, without undoing.';
COMMENT ON COLUMN operations.last_event IS 'Number of its newest event, counted under this row''s lock.';
-- The last word on "one at a time", behind the claim's own check.
CREATE UNIQUE INDEX operations_running ON operations (lock_key) WHERE state = 'RUNNING';
CREATE INDEX operations_waiting ON operations (fair_at, id) WHERE state = 'PENDING';
CREATE INDEX operations_lease ON operations (lease_until) WHERE state = 'RUNNING';
CREATE INDEX operations_unfinished ON operations (lock_key, created_at, id) WHERE state IN ('PENDING', 'RUNNING');
CREATE INDEX operations_claimed ON operations (fair_at) WHERE started_at IS NOT NULL;
CREATE INDEX operations_tenant_fair ON operations (tenant_id, fair_at);
CREATE INDEX operations_deployment ON operations (deployment_id, id);
CREATE INDEX operations_machine ON operations (machine_id, id);
SELECT wall_tenant('operations');
GRANT SELECT, INSERT, UPDATE
    (state, run_after, cancel_requested_at, superseded_at, last_event, finished_at, error_code, error_message)
    ON operations TO berth_tenant, berth_storefront;

-- Start-time fair queueing: an operation gets the larger of the queue's own time (the place of what was
-- claimed last) and the tenant's last place, plus one. A tenant's thousandth order is a thousand places
-- behind its first; another tenant's first is right behind what runs now. Runs as the owner, since a
-- tenant doesn't see the others' rows; it gives nothing away but a place. What was cancelled before it was
-- ever claimed doesn't count: else one tenant's cancelled queue would push everybody back.
CREATE FUNCTION operation_fair_at(tenant uuid) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
    SELECT 1 + greatest(
        (SELECT coalesce(max(fair_at), 0) FROM operations WHERE started_at IS NOT NULL),
        (SELECT coalesce(max(fair_at), 0) FROM operations
         WHERE tenant_id = tenant AND (state = 'PENDING' OR started_at IS NOT NULL)))
$$;

CREATE TABLE operation_steps (
    tenant_id    uuid NOT NULL,
    operation_id uuid NOT NULL,
    ordinal      int NOT NULL,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    title        text NOT NULL,
    state        text NOT NULL CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'SKIPPED')),
    attempts     int NOT NULL DEFAULT 0,
    message      text,
    started_at   timestamptz,
    finished_at  timestamptz,
    PRIMARY KEY (operation_id, ordinal),
    FOREIGN KEY (tenant_id, operation_id) REFERENCES operations (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE operation_steps IS 'A step of an operation. Each looks first and does only what is missing.';
SELECT wall_tenant('operation_steps');
GRANT SELECT, UPDATE (state, finished_at) ON operation_steps TO berth_tenant, berth_storefront;

CREATE TABLE operation_events (
    tenant_id    uuid NOT NULL,
    operation_id uuid NOT NULL,
    number       bigint NOT NULL,
    kind         text NOT NULL CHECK (kind IN
        ('ENQUEUED', 'CLAIMED', 'STEP_STARTED', 'STEP_PROGRESS', 'STEP_DONE', 'STEP_FAILED', 'RETRY', 'HANDED_BACK',
         'CANCEL_REQUESTED', 'SUPERSEDED', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    step         text,
    percent      int NOT NULL CHECK (percent BETWEEN 0 AND 100),
    message      text NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (operation_id, number),
    FOREIGN KEY (tenant_id, operation_id) REFERENCES operations (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE operation_events IS 'What happened to an operation, numbered without gaps: subscribers resume from a number.';
COMMENT ON COLUMN operation_events.percent IS 'Of the whole operation, after this event.';
SELECT wall_tenant('operation_events');
GRANT SELECT, INSERT ON operation_events TO berth_tenant, berth_storefront;

CREATE TABLE placements (
    tenant_id    uuid NOT NULL,
    operation_id uuid NOT NULL,
    explanation  jsonb NOT NULL,
    decided_at   timestamptz NOT NULL,
    PRIMARY KEY (operation_id),
    FOREIGN KEY (tenant_id, operation_id) REFERENCES operations (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE placements IS 'Which machine an operation chose and why each other was refused. Operators never see machines: no grant for them.';
SELECT wall_tenant('placements');
GRANT SELECT ON placements TO berth_storefront;
