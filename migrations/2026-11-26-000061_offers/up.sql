-- What a storefront sells, at its own prices. Without a row it sells what the provider's catalogue has, at the
-- catalogue's prices; with one it sells what its rows name and nothing else.
CREATE TABLE plan_offers (
    storefront_id uuid NOT NULL REFERENCES storefronts (id),
    plan_id       uuid NOT NULL REFERENCES plans (id),
    price_minor   bigint NOT NULL CHECK (price_minor >= 0),
    currency      text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    is_sold       boolean NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (storefront_id, plan_id)
);
COMMENT ON TABLE plan_offers IS 'A plan at a storefront''s own price.';
COMMENT ON COLUMN plan_offers.price_minor IS 'In minor units of the currency (ISO 4217), for a month.';
COMMENT ON COLUMN plan_offers.is_sold IS 'False: no longer, and still the price of what was bought.';
CREATE INDEX plan_offers_plan ON plan_offers (plan_id);
SELECT wall_platform('plan_offers');

CREATE TABLE application_offers (
    storefront_id  uuid NOT NULL REFERENCES storefronts (id),
    application_id uuid NOT NULL REFERENCES applications (id),
    PRIMARY KEY (storefront_id, application_id)
);
COMMENT ON TABLE application_offers IS 'An application that a storefront sells.';
CREATE INDEX application_offers_application ON application_offers (application_id);
SELECT wall_platform('application_offers');

-- Not SQL but PL/pgSQL: only what a scope needs is read, and not every role may read tenants and accounts.
CREATE FUNCTION shop_id() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    shop    uuid := nullif(current_setting('berth.storefront_id', true), '');
    tenant  uuid := nullif(current_setting('berth.tenant_id', true), '');
    account uuid := nullif(current_setting('berth.account_id', true), '');
BEGIN
    IF shop IS NULL AND tenant IS NOT NULL THEN
        SELECT storefront_id INTO shop FROM tenants WHERE id = tenant;
    ELSIF shop IS NULL AND account IS NOT NULL THEN
        SELECT storefront_id INTO shop FROM accounts WHERE id = account;
    END IF;
    RETURN shop;
END $$;
COMMENT ON FUNCTION shop_id IS 'The storefront that a transaction''s scope buys from: its own, its tenant''s or its account''s. Null: the provider.';

CREATE FUNCTION shop_sells_plan(plan uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    shop uuid := shop_id();
BEGIN
    RETURN EXISTS (SELECT FROM plan_offers o WHERE o.storefront_id = shop AND o.plan_id = plan AND o.is_sold)
        OR NOT EXISTS (SELECT FROM plan_offers o WHERE o.storefront_id = shop AND o.is_sold);
END $$;
COMMENT ON FUNCTION shop_sells_plan IS 'Whether the scope''s storefront sells a plan.';

CREATE FUNCTION shop_sells_application(application uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    shop uuid := shop_id();
BEGIN
    RETURN EXISTS (SELECT FROM application_offers o WHERE o.storefront_id = shop AND o.application_id = application)
        OR NOT EXISTS (SELECT FROM application_offers o WHERE o.storefront_id = shop);
END $$;
COMMENT ON FUNCTION shop_sells_application IS 'Whether the scope''s storefront sells an application.';

-- A storefront, its tenants and its people see its offers; a reseller sets those of its storefronts.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['plan_offers', 'application_offers'] LOOP
        EXECUTE format('CREATE POLICY reader ON %I FOR SELECT TO berth_tenant, berth_storefront, berth_account
                        USING (storefront_id = (SELECT shop_id()))', name);
        EXECUTE format($policy$
            CREATE POLICY reseller ON %I TO berth_tenant
            USING (EXISTS (SELECT FROM storefronts s
                           WHERE s.id = %I.storefront_id
                             AND s.reseller_id = (SELECT nullif(current_setting('berth.tenant_id', true), '')::uuid)))
        $policy$, name, name);
        EXECUTE format('GRANT SELECT ON %I TO berth_tenant, berth_storefront, berth_account', name);
        EXECUTE format('GRANT INSERT, DELETE ON %I TO berth_tenant', name);
    END LOOP;
END $$;
GRANT UPDATE (price_minor, currency, is_sold, updated_at) ON plan_offers TO berth_tenant;
