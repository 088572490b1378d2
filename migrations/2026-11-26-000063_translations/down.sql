ALTER TABLE applications DROP COLUMN translations;
