DROP TABLE application_offers;
DROP TABLE plan_offers;
DROP FUNCTION shop_sells_application;
DROP FUNCTION shop_sells_plan;
DROP FUNCTION shop_id;
