CREATE TABLE sites (
    id         uuid PRIMARY KEY,
    name       text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE sites IS 'A place with one layer-2 network.';
SELECT wall_shared('sites');

CREATE TABLE racks (
    id         uuid PRIMARY KEY,
    site_id    uuid NOT NULL REFERENCES sites (id),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL,
    UNIQUE (site_id, name),
    UNIQUE (site_id, id)
);
COMMENT ON TABLE racks IS 'Machines that fail together.';
SELECT wall_platform('racks');

CREATE TABLE networks (
    id          uuid PRIMARY KEY,
    site_id     uuid NOT NULL REFERENCES sites (id),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    ipv4_cidr   text,
    ipv4_gateway text,
    ipv6_cidr   text,
    ipv6_gateway text,
    created_at  timestamptz NOT NULL,
    UNIQUE (site_id, name)
);
COMMENT ON TABLE networks IS 'A layer-2 network of a site, as libvirt knows it by name on every machine of the site.';
SELECT wall_platform('networks');

CREATE TABLE machines (
    id                     uuid PRIMARY KEY,
    rack_id                uuid NOT NULL REFERENCES racks (id),
    name                   text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    uri                    text NOT NULL UNIQUE CHECK (length(uri) BETWEEN 1 AND 500),
    state                  text NOT NULL CHECK (state IN ('ENROLLING', 'ACTIVE', 'DRAINING', 'MAINTENANCE', 'FAILED')),
    guest_type             text NOT NULL CHECK (guest_type IN ('KVM', 'QEMU')),
    vcpu_overcommit_percent int NOT NULL CHECK (vcpu_overcommit_percent BETWEEN 100 AND 3200),
    memory_reserve_bytes   bigint NOT NULL CHECK (memory_reserve_bytes >= 0),
    host_uuid              uuid UNIQUE,
    memory_bytes           bigint NOT NULL DEFAULT 0 CHECK (memory_bytes >= 0),
    cpus                   int NOT NULL DEFAULT 0 CHECK (cpus >= 0),
    memory_foreign_bytes   bigint NOT NULL DEFAULT 0 CHECK (memory_foreign_bytes >= 0),
    vcpus_foreign          int NOT NULL DEFAULT 0 CHECK (vcpus_foreign >= 0),
    memory_used_bytes      bigint NOT NULL DEFAULT 0 CHECK (memory_used_bytes >= 0),
    vcpus_used             int NOT NULL DEFAULT 0 CHECK (vcpus_used >= 0),
    version                bigint NOT NULL DEFAULT 1,
    observed_at            timestamptz,
    unreachable_since      timestamptz,
    created_at             timestamptz NOT NULL,
    CONSTRAINT machines_memory CHECK (memory_used_bytes = 0 OR memory_used_bytes <= memory_bytes - memory_reserve_bytes),
    CONSTRAINT machines_vcpus CHECK (vcpus_used = 0 OR vcpus_used <= cpus * vcpu_overcommit_percent / 100)
);
COMMENT ON TABLE machines IS 'A physical host.';
COMMENT ON COLUMN machines.uri IS 'libvirt''s connection URI, or sim:NAME for a simulated machine.';
COMMENT ON COLUMN machines.memory_reserve_bytes IS 'Kept for the host itself.';
COMMENT ON COLUMN machines.memory_foreign_bytes IS 'Used by guests that are not Berth''s, as last observed.';
COMMENT ON COLUMN machines.memory_used_bytes IS 'Sum of the reservations on it; changed only in the statement that checks the limit.';
COMMENT ON COLUMN machines.version IS 'Grows with every change that a placement decision could rely on.';
CREATE INDEX machines_rack ON machines (rack_id);
SELECT wall_platform('machines');

CREATE TABLE storage_pools (
    id             uuid PRIMARY KEY,
    machine_id     uuid NOT NULL REFERENCES machines (id),
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    capacity_bytes bigint NOT NULL DEFAULT 0 CHECK (capacity_bytes >= 0),
    foreign_bytes  bigint NOT NULL DEFAULT 0 CHECK (foreign_bytes >= 0),
    used_bytes     bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    created_at     timestamptz NOT NULL,
    UNIQUE (machine_id, name),
    CONSTRAINT storage_pools_used CHECK (used_bytes = 0 OR used_bytes <= capacity_bytes)
);
COMMENT ON TABLE storage_pools IS 'A libvirt storage pool of a machine that Berth keeps its volumes in.';
COMMENT ON COLUMN storage_pools.foreign_bytes IS 'Taken by what is not Berth''s, as last observed.';
COMMENT ON COLUMN storage_pools.used_bytes IS 'Sum of what reservations and kept data volumes may grow to.';
SELECT wall_platform('storage_pools');

CREATE TABLE machine_networks (
    machine_id uuid NOT NULL REFERENCES machines (id),
    network_id uuid NOT NULL REFERENCES networks (id),
    PRIMARY KEY (machine_id, network_id)
);
COMMENT ON TABLE machine_networks IS 'Which networks a machine is on.';
CREATE INDEX machine_networks_network ON machine_networks (network_id);
SELECT wall_platform('machine_networks');

CREATE TABLE machine_images (
    machine_id  uuid NOT NULL REFERENCES machines (id),
    image_id    uuid NOT NULL REFERENCES images (id),
    verified_at timestamptz NOT NULL,
    PRIMARY KEY (machine_id, image_id)
);
COMMENT ON TABLE machine_images IS 'An image whose volume on the machine was read back and had the right hash.';
CREATE INDEX machine_images_image ON machine_images (image_id);
SELECT wall_platform('machine_images');
