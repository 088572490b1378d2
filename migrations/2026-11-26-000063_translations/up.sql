-- What people read of the catalogue, in their languages. Options keep theirs within application_versions.options.
ALTER TABLE applications ADD COLUMN translations jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN applications.translations IS 'Name and summary by language: berth_model::Translations<ApplicationTexts>.';
