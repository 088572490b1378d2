ALTER TABLE reservations
    DROP CONSTRAINT reservations_restart,
    DROP COLUMN restart_machine_id,
    DROP COLUMN second_restart_machine_id;
DROP TABLE placement_policy;
