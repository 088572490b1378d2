DROP TABLE storefronts;
