-- What a storefront shows of itself on pages and in mails that Berth makes for it.
ALTER TABLE storefronts
    ADD COLUMN accent_color     text CHECK (accent_color ~ '^#[0-9a-f]{6}$'),
    ADD COLUMN background_color text CHECK (background_color ~ '^#[0-9a-f]{6}$'),
    ADD COLUMN logo_url         text CHECK (logo_url ~ '^https://' AND length(logo_url) <= 500),
    ADD COLUMN sender_email     text CHECK (length(sender_email) BETWEEN 3 AND 254),
    ADD COLUMN support_email    text CHECK (length(support_email) BETWEEN 3 AND 254),
    ADD COLUMN support_url      text CHECK (support_url ~ '^https://' AND length(support_url) <= 500),
    ADD COLUMN terms_url        text CHECK (terms_url ~ '^https://' AND length(terms_url) <= 500),
    ADD COLUMN terms_version    text CHECK (length(terms_version) BETWEEN 1 AND 50),
    ADD COLUMN privacy_url      text CHECK (privacy_url ~ '^https://' AND length(privacy_url) <= 500),
    ADD COLUMN imprint_url      text CHECK (imprint_url ~ '^https://' AND length(imprint_url) <= 500),
    ADD COLUMN locale           text NOT NULL DEFAULT 'EN' CHECK (locale IN ('EN', 'DE', 'FR')),
    ADD COLUMN host             text UNIQUE CHECK (host = lower(host) AND length(host) BETWEEN 1 AND 253),
    ADD CHECK (terms_version IS NULL OR terms_url IS NOT NULL);
COMMENT ON COLUMN storefronts.name IS 'Its brand''s name: on pages, and as the sender''s name in mails.';
COMMENT ON COLUMN storefronts.sender_email IS 'Whom mails come from; null: the provider''s own sender address.';
COMMENT ON COLUMN storefronts.terms_version IS 'Which terms an operator accepts; a new version is asked for again.';
COMMENT ON COLUMN storefronts.locale IS 'The language of those who chose none.';
COMMENT ON COLUMN storefronts.host IS 'Under which its pages show; null: under the API''s own.';
