REVOKE SELECT ON plan_offers, application_offers, plans, applications, application_versions, sites FROM berth_visitor;
DROP POLICY visitor ON sites;
DROP POLICY visitor ON application_versions;
DROP POLICY visitor ON applications;
DROP POLICY visitor ON plans;
DROP POLICY visitor ON application_offers;
DROP POLICY visitor ON plan_offers;
DROP POLICY visitor ON storefronts;
ALTER TABLE storefronts
    DROP COLUMN previous_public_token_until,
    DROP COLUMN previous_public_token,
    DROP COLUMN public_token;
REVOKE SELECT (id, name, created_at, accent_color, background_color, logo_url, sender_email, support_email, support_url,
               terms_url, terms_version, privacy_url, imprint_url, locale, host, cors_origins)
    ON storefronts FROM berth_visitor;
