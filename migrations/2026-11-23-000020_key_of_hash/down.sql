ALTER TABLE idempotency_keys DROP COLUMN key_id;
