REVOKE SELECT (id, locale) ON accounts FROM berth_auth;
DROP POLICY auth ON accounts;
