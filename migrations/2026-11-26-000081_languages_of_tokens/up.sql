-- With a person's token comes the language that they chose.
CREATE POLICY auth ON accounts FOR SELECT TO berth_auth USING (true);
GRANT SELECT (id, locale) ON accounts TO berth_auth;
