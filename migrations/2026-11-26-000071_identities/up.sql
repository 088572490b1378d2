-- Identities that people have elsewhere and sign in by, and browsers on their way there and back.

CREATE TABLE account_identities (
    id          uuid PRIMARY KEY,
    realm_id    uuid NOT NULL,
    account_id  uuid NOT NULL,
    provider_id uuid NOT NULL,
    subject     text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    email       text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    linked_at   timestamptz NOT NULL,
    used_at     timestamptz NOT NULL,
    CONSTRAINT account_identities_subject UNIQUE (provider_id, subject),
    FOREIGN KEY (realm_id, account_id) REFERENCES accounts (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, provider_id) REFERENCES identity_providers (realm_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE account_identities IS 'Identities at identity providers by which an account is signed in to.';
COMMENT ON COLUMN account_identities.subject IS 'Who it is there (OpenID Connect''s sub), never given to anybody else.';
COMMENT ON COLUMN account_identities.email IS 'The address that the provider vouched for when it was linked, for people.';
CREATE INDEX account_identities_account ON account_identities (account_id);
SELECT wall_login('account_identities', 'realm_id = (SELECT nullif(current_setting(''berth.realm_id'', true), '''')::uuid)');

CREATE TABLE identity_trips (
    id           uuid PRIMARY KEY,
    realm_id     uuid NOT NULL,
    provider_id  uuid NOT NULL,
    browser_hash bytea NOT NULL,
    account_id   uuid,
    state_hash   bytea UNIQUE,
    key_id       text,
    sealed       bytea,
    query        text NOT NULL CHECK (length(query) <= 8000),
    subject      text CHECK (length(subject) BETWEEN 1 AND 255),
    email        text CHECK (length(email) BETWEEN 3 AND 254),
    name         text CHECK (length(name) BETWEEN 1 AND 100),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    UNIQUE (realm_id, browser_hash),
    FOREIGN KEY (realm_id, account_id) REFERENCES accounts (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, provider_id) REFERENCES identity_providers (realm_id, id) ON DELETE CASCADE,
    CHECK ((key_id IS NULL) = (sealed IS NULL)),
    CHECK ((state_hash IS NULL) = (sealed IS NULL)),
    CHECK ((subject IS NULL) = (email IS NULL)),
    CHECK (subject IS NULL OR state_hash IS NULL)
);
COMMENT ON TABLE identity_trips IS 'A browser on its way to an identity provider and back, and then what it proved there, until the person has decided. One at a time.';
COMMENT ON COLUMN identity_trips.account_id IS 'Who is signed in and links another identity; null: somebody who signs in.';
COMMENT ON COLUMN identity_trips.state_hash IS 'SHA-256 of the state, 256 random bits; null once it came back: each is good once.';
COMMENT ON COLUMN identity_trips.sealed IS 'Nonce and PKCE verifier as an envelope, bound to the row; gone once it came back.';
COMMENT ON COLUMN identity_trips.query IS 'What went along from page to page, such as an authorisation request.';
COMMENT ON COLUMN identity_trips.subject IS 'Whom the provider vouches for; null until it has.';
COMMENT ON COLUMN identity_trips.email IS 'The address that the provider says it verified.';
CREATE INDEX identity_trips_provider ON identity_trips (provider_id);
CREATE INDEX identity_trips_account ON identity_trips (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX identity_trips_expiry ON identity_trips (expires_at);
SELECT wall_login('identity_trips', 'realm_id = (SELECT nullif(current_setting(''berth.realm_id'', true), '''')::uuid)');

-- What is proven before an identity is linked: the mailbox, and the second factor.
ALTER TABLE challenges
    ADD COLUMN trip_id uuid REFERENCES identity_trips (id) ON DELETE CASCADE,
    DROP CONSTRAINT challenges_purpose_check,
    ADD CONSTRAINT challenges_purpose_check CHECK (purpose IN
        ('SIGN_UP', 'PASSWORD_RESET', 'SECOND_FACTOR', 'EMAIL', 'RECOVERY_EMAIL', 'IDENTITY_LINK'));
COMMENT ON COLUMN challenges.trip_id IS 'The identity that is linked when it is solved.';
CREATE INDEX challenges_trip ON challenges (trip_id) WHERE trip_id IS NOT NULL;

ALTER TABLE notices
    DROP CONSTRAINT notices_kind_check,
    ADD CONSTRAINT notices_kind_check CHECK (kind IN (
        'DEPLOYMENT_RUNNING', 'DEPLOYMENT_DEGRADED', 'DEPLOYMENT_REFUSED', 'DEPLOYMENT_DELETED',
        'DEPLOYMENT_PURGED', 'EMAIL_VERIFY', 'SIGN_UP_KNOWN', 'PASSWORD_RESET', 'PASSWORD_CHANGED',
        'EMAIL_CHANGE', 'EMAIL_CHANGED', 'RECOVERY_ADDRESS_VERIFY', 'RECOVERY_ADDRESS_CHANGED',
        'SECOND_FACTOR_ON', 'SECOND_FACTOR_OFF', 'RECOVERY_CODE_USED', 'RECOVERY_CODES_NEW',
        'SIGNED_IN_ELSEWHERE', 'IDENTITY_LINK', 'IDENTITY_LINKED', 'IDENTITY_UNLINKED', 'INVITATION',
        'MEMBER_REMOVED', 'ROLE_CHANGED', 'SUPPORT_GRANT_OPENED'));
