-- The public token of a storefront: it stands in the code that its visitors' browsers load, and reads what a visitor
-- of the shop sees. No secret, so it is kept as it is and can be read again; replaced, so that one can be ended.
ALTER TABLE storefronts
    ADD COLUMN public_token                text UNIQUE CHECK (public_token ~ '^bp_[A-Za-z0-9_-]{40,50}$'),
    ADD COLUMN previous_public_token       text UNIQUE,
    ADD COLUMN previous_public_token_until timestamptz,
    ADD CHECK ((previous_public_token IS NULL) = (previous_public_token_until IS NULL));
COMMENT ON COLUMN storefronts.public_token IS 'What its browser code reads the catalogue with; null: none was made yet.';
COMMENT ON COLUMN storefronts.previous_public_token IS 'The one before the last change.';
COMMENT ON COLUMN storefronts.previous_public_token_until IS 'How long that one is still taken.';
GRANT UPDATE (public_token, previous_public_token, previous_public_token_until)
    ON storefronts TO berth_tenant, berth_storefront;

-- Who comes with it is a role of its own. It reads the catalogue as far as the storefront sells it, the storefront's
-- prices and what that shows of itself; it writes nothing, not even to the audit log.
CREATE POLICY visitor ON storefronts FOR SELECT TO berth_visitor
    USING (id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
GRANT SELECT (id, name, created_at, accent_color, background_color, logo_url, sender_email, support_email, support_url,
              terms_url, terms_version, privacy_url, imprint_url, locale, host, cors_origins, public_token)
    ON storefronts TO berth_visitor;
CREATE POLICY visitor ON plan_offers FOR SELECT TO berth_visitor
    USING (is_sold AND storefront_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
CREATE POLICY visitor ON application_offers FOR SELECT TO berth_visitor
    USING (storefront_id = (SELECT nullif(current_setting('berth.storefront_id', true), '')::uuid));
CREATE POLICY visitor ON plans FOR SELECT TO berth_visitor
    USING ((SELECT shop_id()) IS NOT NULL AND shop_sells_plan(id));
CREATE POLICY visitor ON applications FOR SELECT TO berth_visitor
    USING ((SELECT shop_id()) IS NOT NULL AND shop_sells_application(id));
CREATE POLICY visitor ON application_versions FOR SELECT TO berth_visitor
    USING (EXISTS (SELECT FROM applications a WHERE a.id = application_id));
CREATE POLICY visitor ON sites FOR SELECT TO berth_visitor USING (true);
GRANT SELECT ON plan_offers, application_offers, plans, applications, application_versions, sites TO berth_visitor;
