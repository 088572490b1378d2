-- Live moves: a virtual machine goes to another machine of its site while it runs. In between it holds
-- room on both, so that neither is sold twice (docs/decisions/0043).

ALTER TABLE operations
    ADD COLUMN site_id uuid REFERENCES sites (id),
    DROP CONSTRAINT operations_check,
    ADD CONSTRAINT operations_subject CHECK (num_nonnulls(deployment_id, machine_id, site_id) = 1),
    DROP CONSTRAINT operations_kind_check,
    ADD CONSTRAINT operations_kind_check CHECK (kind IN
        ('DEPLOYMENT_CREATE', 'DEPLOYMENT_START', 'DEPLOYMENT_STOP', 'DEPLOYMENT_RESTART', 'DEPLOYMENT_RESIZE',
         'DEPLOYMENT_DELETE', 'DEPLOYMENT_RESTORE', 'DEPLOYMENT_PURGE', 'DEPLOYMENT_REPAIR', 'DEPLOYMENT_REBUILD',
         'DEPLOYMENT_MOVE', 'MACHINE_ENROLL', 'FLEET_REBALANCE'));
COMMENT ON COLUMN operations.lock_key IS 'The virtual machine, machine or site it works on: one operation of a key runs at a time, in the order of created_at.';
CREATE INDEX operations_site ON operations (site_id, id);

CREATE TABLE fleet_moves (
    plan_operation_id  uuid NOT NULL REFERENCES operations (id),
    wave               int NOT NULL CHECK (wave >= 0),
    virtual_machine_id uuid NOT NULL REFERENCES virtual_machines (id),
    from_machine_id    uuid NOT NULL REFERENCES machines (id),
    to_machine_id      uuid NOT NULL REFERENCES machines (id),
    operation_id       uuid REFERENCES operations (id),
    skipped            text CHECK (skipped IN ('ELSEWHERE', 'UNFINISHED', 'CANCELLED')),
    PRIMARY KEY (plan_operation_id, wave, virtual_machine_id),
    CHECK (from_machine_id <> to_machine_id),
    CHECK (num_nonnulls(operation_id, skipped) <= 1)
);
COMMENT ON TABLE fleet_moves IS 'A move that a rebalance shall carry out, of any tenant''s virtual machine. Its state is that of its operation.';
COMMENT ON COLUMN fleet_moves.plan_operation_id IS 'The rebalance.';
COMMENT ON COLUMN fleet_moves.wave IS 'Moves of one wave run at the same time; the next one begins when they have all ended.';
COMMENT ON COLUMN fleet_moves.operation_id IS 'The operation that carries it out; null before its wave, or when it was skipped.';
COMMENT ON COLUMN fleet_moves.skipped IS 'Why it was not begun.';
CREATE INDEX fleet_moves_virtual_machine ON fleet_moves (virtual_machine_id);
CREATE INDEX fleet_moves_from ON fleet_moves (from_machine_id);
CREATE INDEX fleet_moves_to ON fleet_moves (to_machine_id);
CREATE UNIQUE INDEX fleet_moves_operation ON fleet_moves (operation_id);
SELECT wall_platform('fleet_moves');

CREATE TABLE transits (
    virtual_machine_id uuid PRIMARY KEY,
    tenant_id          uuid NOT NULL REFERENCES tenants (id),
    machine_id         uuid NOT NULL REFERENCES machines (id),
    storage_pool_id    uuid NOT NULL REFERENCES storage_pools (id),
    memory_bytes       bigint NOT NULL CHECK (memory_bytes >= 0),
    vcpus              int NOT NULL CHECK (vcpus >= 0),
    disk_bytes         bigint NOT NULL CHECK (disk_bytes >= 0),
    has_left           boolean NOT NULL DEFAULT false,
    created_at         timestamptz NOT NULL,
    UNIQUE (tenant_id, virtual_machine_id),
    FOREIGN KEY (tenant_id, virtual_machine_id) REFERENCES virtual_machines (tenant_id, id)
);
COMMENT ON TABLE transits IS 'What a virtual machine that is being moved holds on a second machine. It counts like a reservation.';
COMMENT ON COLUMN transits.has_left IS 'False: it goes there. True: it came from there or never got there, and something of it may still be there.';
CREATE INDEX transits_machine ON transits (machine_id);
CREATE INDEX transits_pool ON transits (storage_pool_id);
SELECT wall_tenant('transits');

-- While it is being moved, its places to be restarted are those of the machine that it goes to; one of
-- them may be the machine that it is still on.
ALTER TABLE reservations
    DROP CONSTRAINT reservations_restart,
    ADD CONSTRAINT reservations_restart CHECK (second_restart_machine_id <> restart_machine_id);
