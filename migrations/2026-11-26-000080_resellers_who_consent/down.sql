DROP POLICY login_reseller ON storefronts;
