-- A guest moves alive only to a machine with the same processors (docs/decisions/0043).
ALTER TABLE machines ADD COLUMN cpu_model text CHECK (length(cpu_model) BETWEEN 1 AND 100);
COMMENT ON COLUMN machines.cpu_model IS 'What libvirt calls the machine''s processors, as last observed; null if it doesn''t say.';
