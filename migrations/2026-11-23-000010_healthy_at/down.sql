ALTER TABLE deployments DROP COLUMN healthy_at;
