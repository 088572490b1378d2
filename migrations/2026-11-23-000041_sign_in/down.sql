REVOKE INSERT (id, tenant_id, storefront_id, kind, recipient_name, recipient_email, locale, key_id, sealed,
               dedupe_key, is_code, next_attempt_at, give_up_at, created_at)
    ON notices FROM berth_login;
DROP POLICY login ON notices;
DROP TABLE challenges;
DROP TABLE sessions;
DROP TABLE known_browsers;
DROP TABLE account_recovery_codes;
DROP TABLE account_authenticators;
DROP TABLE account_passwords;
DROP POLICY auth ON storefronts;
REVOKE SELECT ON storefronts FROM berth_auth;
DROP POLICY login ON storefronts;
REVOKE SELECT ON storefronts FROM berth_login;
DROP POLICY login ON accounts;
REVOKE SELECT, INSERT,
    UPDATE (email, name, email_verified_at, locale, recovery_email, terms_version, terms_accepted_at)
    ON accounts FROM berth_login;
DROP FUNCTION wall_login;
