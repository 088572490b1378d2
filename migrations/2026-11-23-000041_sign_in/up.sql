-- How people sign in. Only berth_login, the role of the sign-in pages, reaches what proves who they are, and in it
-- only one realm (berth.realm_id): neither a request with a token nor the provider's staff can read a password's hash.

-- Like wall_platform, without the platform: only the pages of a realm, and the workers that clean up and rotate keys.
CREATE FUNCTION wall_login(name regclass, realm text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY worker ON %s TO berth_worker USING (true)', name);
    EXECUTE format('CREATE POLICY login ON %s TO berth_login USING (%s)', name, realm);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO berth_login, berth_worker', name);
END $$;
COMMENT ON FUNCTION wall_login IS 'A table of what proves who somebody is: only the pages of its realm see a row, and the workers.';

CREATE POLICY login ON accounts TO berth_login
    USING (realm_id = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
GRANT SELECT, INSERT,
    UPDATE (email, name, email_verified_at, locale, recovery_email, terms_version, terms_accepted_at)
    ON accounts TO berth_login;
CREATE POLICY login ON storefronts FOR SELECT TO berth_login
    USING (id = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
GRANT SELECT ON storefronts TO berth_login;
-- Which storefront a page is of is known before its realm; a brand is no secret.
CREATE POLICY auth ON storefronts FOR SELECT TO berth_auth USING (true);
GRANT SELECT ON storefronts TO berth_auth;

CREATE TABLE account_passwords (
    account_id uuid PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    hash       text NOT NULL CHECK (hash LIKE '$argon2id$%'),
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE account_passwords IS 'An account''s password, as argon2id has it. Without a row there is none to sign in with.';
SELECT wall_login('account_passwords', 'EXISTS (SELECT FROM accounts a WHERE a.id = account_id)');

CREATE TABLE account_authenticators (
    account_id   uuid PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    key_id       text NOT NULL,
    sealed       bytea NOT NULL,
    confirmed_at timestamptz,
    last_step    bigint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL
);
COMMENT ON TABLE account_authenticators IS 'The second factor: the secret of an app that shows numbers which change (TOTP, RFC 6238).';
COMMENT ON COLUMN account_authenticators.sealed IS 'The secret as an envelope (store/src/envelope.rs), bound to the account.';
COMMENT ON COLUMN account_authenticators.confirmed_at IS 'Asked for at every sign-in from then on; null: not set up to the end.';
COMMENT ON COLUMN account_authenticators.last_step IS 'The time step of the last number that was taken: each is good once.';
SELECT wall_login('account_authenticators', 'EXISTS (SELECT FROM accounts a WHERE a.id = account_id)');

CREATE TABLE account_recovery_codes (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_hash  bytea NOT NULL,
    UNIQUE (account_id, code_hash)
);
COMMENT ON TABLE account_recovery_codes IS 'Codes that stand in for a lost second factor, each once: a used one is gone.';
COMMENT ON COLUMN account_recovery_codes.code_hash IS 'SHA-256 of account and code, which is 80 random bits.';
SELECT wall_login('account_recovery_codes', 'EXISTS (SELECT FROM accounts a WHERE a.id = account_id)');

CREATE TABLE known_browsers (
    account_id   uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    browser_hash bytea NOT NULL,
    used_at      timestamptz NOT NULL,
    PRIMARY KEY (account_id, browser_hash)
);
COMMENT ON TABLE known_browsers IS 'Browsers in which an account was signed in: what strangers try elsewhere doesn''t hold these up.';
COMMENT ON COLUMN known_browsers.browser_hash IS 'SHA-256 of the browser''s cookie, 256 random bits.';
CREATE INDEX known_browsers_used ON known_browsers (used_at);
SELECT wall_login('known_browsers', 'EXISTS (SELECT FROM accounts a WHERE a.id = account_id)');

CREATE TABLE sessions (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash  bytea NOT NULL UNIQUE,
    remote      text CHECK (length(remote) <= 45),
    user_agent  text CHECK (length(user_agent) <= 200),
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
COMMENT ON TABLE sessions IS 'A browser in which somebody is signed in.';
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the cookie, 256 random bits.';
COMMENT ON COLUMN sessions.remote IS 'The address it came from last.';
COMMENT ON COLUMN sessions.seen_at IS 'To a few minutes. Not seen for two weeks it ends.';
COMMENT ON COLUMN sessions.expires_at IS 'Ends then in any case.';
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_seen ON sessions (seen_at);
SELECT wall_login('sessions', 'EXISTS (SELECT FROM accounts a WHERE a.id = account_id)');

CREATE TABLE challenges (
    id            uuid PRIMARY KEY,
    realm_id      uuid NOT NULL,
    purpose       text NOT NULL CHECK (purpose IN ('SIGN_UP', 'PASSWORD_RESET', 'SECOND_FACTOR', 'EMAIL', 'RECOVERY_EMAIL')),
    browser_hash  bytea NOT NULL,
    account_id    uuid REFERENCES accounts (id) ON DELETE CASCADE,
    email         text CHECK (length(email) BETWEEN 3 AND 254),
    name          text CHECK (length(name) BETWEEN 1 AND 100),
    password_hash text,
    locale        text CHECK (locale IN ('EN', 'DE', 'FR')),
    terms_version text,
    key_id        text,
    code_hash     bytea,
    tries_left    integer NOT NULL CHECK (tries_left >= 0),
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    UNIQUE (realm_id, browser_hash, purpose),
    CHECK ((key_id IS NULL) = (code_hash IS NULL))
);
COMMENT ON TABLE challenges IS 'What a browser must still prove: that it can read a mailbox, or the second factor. One of each purpose at a time.';
COMMENT ON COLUMN challenges.account_id IS 'Whose; null at a sign-up, and where there is no such account: the browser can''t tell.';
COMMENT ON COLUMN challenges.code_hash IS 'Keyed hash (HMAC-SHA-256, by key_id) of a code of 40 random bits, good for 15 minutes and five tries; null: no code is right.';
CREATE INDEX challenges_account ON challenges (account_id);
CREATE INDEX challenges_expiry ON challenges (expires_at);
SELECT wall_login('challenges', 'realm_id = (SELECT nullif(current_setting(''berth.realm_id'', true), '''')::uuid)');

-- What the pages tell by mail.
CREATE POLICY login ON notices FOR INSERT TO berth_login
    WITH CHECK (tenant_id = '00000000-0000-7000-8000-000000000001'
                AND coalesce(storefront_id, tenant_id) = (SELECT nullif(current_setting('berth.realm_id', true), '')::uuid));
GRANT INSERT (id, tenant_id, storefront_id, kind, recipient_name, recipient_email, locale, key_id, sealed,
              dedupe_key, is_code, next_attempt_at, give_up_at, created_at)
    ON notices TO berth_login;
