ALTER TABLE fleet_moves
    DROP COLUMN hindrance,
    DROP CONSTRAINT fleet_moves_skipped_check,
    ADD CONSTRAINT fleet_moves_skipped_check CHECK (skipped IN ('ELSEWHERE', 'UNFINISHED', 'CANCELLED'));
