DROP INDEX deployments_external;
COMMENT ON COLUMN deployments.external_id IS NULL;
