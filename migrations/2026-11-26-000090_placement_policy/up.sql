-- A policy that looks at more than one machine makes decisions that rely on several rows. What would
-- be restarted where is kept with the reservation, so that the state proves itself: a decision checks
-- the machines that it touches, not the whole fleet (docs/decisions/0040).

CREATE TABLE placement_policy (
    id                    uuid PRIMARY KEY,
    survive               text CHECK (survive IN ('MACHINE', 'RACK')),
    failures              int NOT NULL DEFAULT 1 CHECK (failures BETWEEN 1 AND 2),
    tenant_cap            int CHECK (tenant_cap > 0),
    is_spread             boolean NOT NULL DEFAULT false,
    updated_at            timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE placement_policy IS 'What the provider wants of every placement: one row.';
COMMENT ON COLUMN placement_policy.survive IS 'After the failure of which there shall be a place for everything; null keeps nothing free.';
COMMENT ON COLUMN placement_policy.failures IS 'How many of them at once.';
COMMENT ON COLUMN placement_policy.tenant_cap IS 'The most virtual machines of one tenant on one machine.';
COMMENT ON COLUMN placement_policy.is_spread IS 'The emptier machine is taken, not the fuller one.';
CREATE UNIQUE INDEX placement_policy_only ON placement_policy ((true));
SELECT wall_platform('placement_policy');
INSERT INTO placement_policy (id) VALUES ('00000000-0000-7000-8000-000000000001');

ALTER TABLE reservations
    ADD COLUMN restart_machine_id uuid REFERENCES machines (id),
    ADD COLUMN second_restart_machine_id uuid REFERENCES machines (id),
    ADD CONSTRAINT reservations_restart CHECK (restart_machine_id <> machine_id AND second_restart_machine_id <> machine_id
        AND second_restart_machine_id <> restart_machine_id);
COMMENT ON COLUMN reservations.restart_machine_id IS 'Where it would be restarted if its machine failed: room is kept there.';
COMMENT ON COLUMN reservations.second_restart_machine_id IS 'Where, if that one failed too.';
CREATE INDEX reservations_restart_machine ON reservations (restart_machine_id);
CREATE INDEX reservations_second_restart_machine ON reservations (second_restart_machine_id);
