DROP TABLE placements;
DROP TABLE operation_events;
DROP TABLE operation_steps;
DROP FUNCTION operation_fair_at(uuid);
DROP TABLE operations;
