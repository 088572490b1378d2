ALTER TABLE storefronts
    DROP COLUMN accent_color,
    DROP COLUMN background_color,
    DROP COLUMN logo_url,
    DROP COLUMN sender_email,
    DROP COLUMN support_email,
    DROP COLUMN support_url,
    DROP COLUMN terms_url,
    DROP COLUMN terms_version,
    DROP COLUMN privacy_url,
    DROP COLUMN imprint_url,
    DROP COLUMN locale,
    DROP COLUMN host;
COMMENT ON COLUMN storefronts.name IS NULL;
