DROP POLICY storefront ON deployments;
CREATE POLICY storefront ON deployments TO berth_storefront
    USING (EXISTS (SELECT FROM tenants t WHERE t.id = deployments.tenant_id OFFSET 0));
DROP TRIGGER storefront ON deployments;
DROP FUNCTION deployment_storefront;
ALTER TABLE deployments DROP COLUMN storefront_id;
