-- A storefront finds a deployment by its own number, whichever of its tenants has it.
CREATE INDEX deployments_external ON deployments (external_id, id) WHERE external_id IS NOT NULL;
COMMENT ON COLUMN deployments.external_id IS 'The storefront''s own number for it, unique in the tenant.';
