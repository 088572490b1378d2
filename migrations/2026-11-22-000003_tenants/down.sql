DROP POLICY tenant ON storefronts;
DROP POLICY member ON accounts;
DROP TABLE members;
DROP TABLE accounts;
DROP TABLE tenants;
