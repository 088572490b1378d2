DROP TABLE addresses;
DROP TABLE reservations;
DROP TABLE volumes;
DROP TABLE deployment_secrets;
DROP TABLE deployments;
DROP TABLE virtual_machines;
