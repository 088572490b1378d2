DROP TABLE plans;
DROP TABLE application_versions;
DROP TABLE applications;
DROP TABLE images;
