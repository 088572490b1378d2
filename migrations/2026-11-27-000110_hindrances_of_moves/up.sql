-- A move says which rule it failed for, and that its owner asked for something else, so that whoever planned it
-- needn't read the log.

ALTER TABLE fleet_moves
    ADD COLUMN hindrance jsonb,
    DROP CONSTRAINT fleet_moves_skipped_check,
    ADD CONSTRAINT fleet_moves_skipped_check
        CHECK (skipped IN ('ELSEWHERE', 'UNFINISHED', 'CANCELLED', 'SUPERSEDED'));
COMMENT ON COLUMN fleet_moves.hindrance IS 'The rule that was against it when it was to begin, if one was.';
