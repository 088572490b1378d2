-- Without the column every narrowed client could do everything of its kind.
DO $$ BEGIN
    IF EXISTS (SELECT FROM clients WHERE scopes IS NOT NULL) THEN
        RAISE EXCEPTION 'some clients have scopes: delete them first, or they would be widened';
    END IF;
END $$;
DELETE FROM access_tokens WHERE scopes IS NOT NULL;
ALTER TABLE access_tokens DROP COLUMN scopes;
ALTER TABLE clients DROP COLUMN scopes, DROP COLUMN previous_secret_hash, DROP COLUMN previous_secret_until;
DROP FUNCTION token_scopes_known;
