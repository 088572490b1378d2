DROP FUNCTION wall_tenant(regclass);
DROP FUNCTION wall_shared(regclass);
DROP FUNCTION wall_platform(regclass);
