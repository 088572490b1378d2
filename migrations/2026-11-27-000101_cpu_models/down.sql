ALTER TABLE machines DROP COLUMN cpu_model;
