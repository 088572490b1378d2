-- The walls between tenants (DESIGN.md principle 4) as three functions, so that every table gets the
-- same ones and a later table can't get them slightly wrong. The roles are cluster-wide: `berth migrate`
-- makes them before the first schema change.
--
-- A request runs as one of: berth_tenant, berth_storefront, berth_platform, berth_worker, berth_auth.
-- What it may reach is in the settings berth.tenant_id and berth.storefront_id, set by SET LOCAL.

CREATE FUNCTION wall_platform(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY platform ON %s TO berth_platform USING (true)', name);
    EXECUTE format('CREATE POLICY worker ON %s TO berth_worker USING (true)', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO berth_platform, berth_worker', name);
END $$;
COMMENT ON FUNCTION wall_platform IS 'A platform table: only the provider and the workers see it.';

CREATE FUNCTION wall_shared(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wall_platform(name);
    EXECUTE format('CREATE POLICY reader ON %s FOR SELECT TO berth_tenant, berth_storefront USING (true)', name);
    EXECUTE format('GRANT SELECT ON %s TO berth_tenant, berth_storefront', name);
END $$;
COMMENT ON FUNCTION wall_shared IS 'A shared table: everybody reads it, the provider writes it.';

CREATE FUNCTION wall_tenant(name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM wall_platform(name);
    EXECUTE format($policy$
        CREATE POLICY tenant ON %s TO berth_tenant
        USING (tenant_id = (SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid))
    $policy$, name);
    -- The inner table has a policy of its own that leaves only the storefront's tenants. OFFSET 0 keeps the
    -- planner from hashing all of them first: a page of 20 rows then looks up 20 tenants by their key.
    EXECUTE format($policy$
        CREATE POLICY storefront ON %s TO berth_storefront
        USING (EXISTS (SELECT FROM tenants t WHERE t.id = %s.tenant_id OFFSET 0))
    $policy$, name, name);
END $$;
COMMENT ON FUNCTION wall_tenant IS
    'A tenant table: its tenant, the storefront it came through, the provider and the workers see a row. '
    'What a tenant or a storefront may write is granted table by table.';
