DROP TABLE machine_images;
DROP TABLE machine_networks;
DROP TABLE storage_pools;
DROP TABLE machines;
DROP TABLE networks;
DROP TABLE racks;
DROP TABLE sites;
