-- Which key of the keyring a request's hash was made with, so that newer keys can come and this one can go.
ALTER TABLE idempotency_keys ADD COLUMN key_id text;
COMMENT ON COLUMN idempotency_keys.key_id IS 'The key of the keyring that request_hash was made with; null: an older Berth''s, any of them.';
