-- What is no grant's token must not become the token of whoever opened it.
DELETE FROM access_tokens WHERE support_grant_id IS NOT NULL;
DROP POLICY auth ON support_grants;
ALTER TABLE access_tokens DROP COLUMN support_grant_id;
DROP TABLE support_grants;
DROP FUNCTION webhook_support_grant();
