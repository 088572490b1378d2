DROP POLICY storefront_itself ON audit_log;
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_outbox;
DROP TABLE webhook_endpoint_secrets;
DROP TABLE webhook_endpoints;
ALTER TABLE tenants DROP CONSTRAINT tenants_storefront;
CREATE INDEX tenants_storefront ON tenants (storefront_id, id);
