CREATE TABLE storefronts (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at  timestamptz NOT NULL
);
COMMENT ON TABLE storefronts IS 'A shop under its own brand. It sees the tenants that came through it.';
SELECT wall_platform('storefronts');
GRANT SELECT ON storefronts TO berth_storefront;
CREATE POLICY storefront ON storefronts FOR SELECT TO berth_storefront
    USING (id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
