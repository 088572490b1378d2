-- A page of a storefront's deployments read all deployments in the order of their ids, and looked up the tenant of
-- each, until it was full: the more storefronts, the longer. With the storefront beside the tenant an index has the
-- page in one piece.
ALTER TABLE deployments ADD COLUMN storefront_id uuid;
COMMENT ON COLUMN deployments.storefront_id IS
    'The one that its tenant came through; null for the provider''s own. Written by a trigger, never by hand.';
UPDATE deployments d SET storefront_id = t.storefront_id FROM tenants t WHERE t.id = d.tenant_id;

CREATE FUNCTION deployment_storefront() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- With the eyes of who inserts: what it can't see is not its storefront's, and its policy refuses the row.
    NEW.storefront_id := (SELECT storefront_id FROM tenants WHERE id = NEW.tenant_id);
    RETURN NEW;
END $$;
COMMENT ON FUNCTION deployment_storefront IS 'Keeps the storefront beside the tenant.';
CREATE TRIGGER storefront BEFORE INSERT OR UPDATE OF tenant_id, storefront_id ON deployments
    FOR EACH ROW EXECUTE FUNCTION deployment_storefront();

-- A tenant that changes its storefront takes its deployments along.
ALTER TABLE deployments ADD FOREIGN KEY (storefront_id, tenant_id) REFERENCES tenants (storefront_id, id)
    ON UPDATE CASCADE;
CREATE INDEX deployments_storefront ON deployments (storefront_id, id);
DROP POLICY storefront ON deployments;
CREATE POLICY storefront ON deployments TO berth_storefront
    USING (storefront_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
