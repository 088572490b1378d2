CREATE TABLE virtual_machines (
    id               uuid PRIMARY KEY,
    tenant_id        uuid NOT NULL REFERENCES tenants (id),
    site_id          uuid NOT NULL REFERENCES sites (id),
    image_id         uuid NOT NULL REFERENCES images (id),
    hosting          text NOT NULL CHECK (hosting IN ('OWN', 'SHARED')),
    machine_id       uuid REFERENCES machines (id),
    storage_pool_id  uuid REFERENCES storage_pools (id),
    state            text NOT NULL CHECK (state IN ('PLANNED', 'RESERVED', 'RUNNING', 'STOPPED', 'GONE')),
    mac              text NOT NULL UNIQUE,
    revision         bigint NOT NULL DEFAULT 0,
    seed_digest      text,
    system_revision  int NOT NULL DEFAULT 1,
    restart_requested_at timestamptz,
    started_at       timestamptz,
    created_at       timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    CHECK ((machine_id IS NULL) = (storage_pool_id IS NULL))
);
COMMENT ON TABLE virtual_machines IS 'What deployments run on. Its id is the guest''s UUID on the machine, never reused.';
COMMENT ON COLUMN virtual_machines.machine_id IS 'Where it is, and where its data volumes stay after it is gone.';
COMMENT ON COLUMN virtual_machines.revision IS 'Of the last seed (docs/guest-contract.md).';
COMMENT ON COLUMN virtual_machines.seed_digest IS 'SHA-256 of what the newest complete seed tells, without secrets: another one means that the guest must be told anew.';
COMMENT ON COLUMN virtual_machines.system_revision IS 'Which system disk it should have; a higher one replaces the disk.';
COMMENT ON COLUMN virtual_machines.started_at IS 'When it was last powered on by us; a restart requested later powers it off first.';
CREATE INDEX virtual_machines_machine ON virtual_machines (machine_id, id);
CREATE INDEX virtual_machines_pool ON virtual_machines (storage_pool_id);
CREATE INDEX virtual_machines_site ON virtual_machines (site_id);
CREATE INDEX virtual_machines_image ON virtual_machines (image_id);
SELECT wall_tenant('virtual_machines');
GRANT SELECT, INSERT, UPDATE (restart_requested_at, system_revision) ON virtual_machines TO berth_tenant, berth_storefront;

CREATE TABLE deployments (
    id                     uuid PRIMARY KEY,
    tenant_id              uuid NOT NULL REFERENCES tenants (id),
    application_version_id uuid NOT NULL REFERENCES application_versions (id),
    plan_id                uuid NOT NULL REFERENCES plans (id),
    virtual_machine_id     uuid NOT NULL,
    name                   text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    domain_name            text NOT NULL CHECK (length(domain_name) BETWEEN 3 AND 253),
    external_id            text CHECK (length(external_id) BETWEEN 1 AND 200),
    options                jsonb NOT NULL,
    administrator_username text NOT NULL CHECK (length(administrator_username) BETWEEN 1 AND 64),
    administrator_email    text NOT NULL CHECK (length(administrator_email) BETWEEN 3 AND 254),
    desired_state          text NOT NULL CHECK (desired_state IN ('RUNNING', 'STOPPED', 'DELETED', 'PURGED')),
    state                  text NOT NULL CHECK (state IN
        ('ORDERED', 'PROVISIONING', 'RUNNING', 'STOPPED', 'DEGRADED', 'REFUSED', 'DELETED', 'PURGED')),
    retain_until           timestamptz,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, virtual_machine_id) REFERENCES virtual_machines (tenant_id, id),
    CHECK ((desired_state = 'DELETED') <= (retain_until IS NOT NULL))
);
COMMENT ON TABLE deployments IS 'A tenant''s instance of an application version.';
COMMENT ON COLUMN deployments.domain_name IS 'ASCII, lower case. Can never change: federation knows it by this name.';
COMMENT ON COLUMN deployments.desired_state IS 'What the operator wants.';
COMMENT ON COLUMN deployments.state IS 'What was last found to be so.';
COMMENT ON COLUMN deployments.retain_until IS 'Until then a deleted deployment keeps its data and can be restored.';
-- Two deployments under one name at one time would split an application's identity.
CREATE UNIQUE INDEX deployments_domain_name ON deployments (domain_name)
    WHERE desired_state <> 'PURGED';
CREATE UNIQUE INDEX deployments_external_id ON deployments (tenant_id, external_id);
-- Ids alone lead the indexes on references inside a tenant: who asks by them doesn't always name the tenant.
CREATE INDEX deployments_virtual_machine ON deployments (virtual_machine_id);
CREATE INDEX deployments_application_version ON deployments (application_version_id);
CREATE INDEX deployments_plan ON deployments (plan_id);
CREATE INDEX deployments_retention ON deployments (retain_until) WHERE desired_state = 'DELETED';
SELECT wall_tenant('deployments');
GRANT SELECT, INSERT, UPDATE (desired_state, state, plan_id, retain_until, updated_at, name)
    ON deployments TO berth_tenant, berth_storefront;

CREATE TABLE deployment_secrets (
    tenant_id     uuid NOT NULL,
    deployment_id uuid NOT NULL,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    key_id        text NOT NULL,
    sealed        bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (deployment_id, name),
    FOREIGN KEY (tenant_id, deployment_id) REFERENCES deployments (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE deployment_secrets IS 'What was made for a deployment and must not be read from the database alone.';
COMMENT ON COLUMN deployment_secrets.sealed IS 'XChaCha20-Poly1305: nonce, then ciphertext; bound to tenant, deployment and name.';
SELECT wall_tenant('deployment_secrets');
GRANT SELECT, INSERT ON deployment_secrets TO berth_tenant, berth_storefront;

CREATE TABLE volumes (
    id                 uuid PRIMARY KEY,
    tenant_id          uuid NOT NULL REFERENCES tenants (id),
    virtual_machine_id uuid NOT NULL,
    deployment_id      uuid,
    kind               text NOT NULL CHECK (kind IN ('SYSTEM', 'DATA')),
    storage_pool_id    uuid REFERENCES storage_pools (id),
    size_bytes         bigint NOT NULL CHECK (size_bytes > 0),
    state              text NOT NULL CHECK (state IN ('PLANNED', 'PRESENT', 'GONE')),
    created_at         timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, virtual_machine_id) REFERENCES virtual_machines (tenant_id, id),
    FOREIGN KEY (tenant_id, deployment_id) REFERENCES deployments (tenant_id, id),
    CHECK ((kind = 'DATA') = (deployment_id IS NOT NULL))
);
COMMENT ON TABLE volumes IS 'A disk: a replaceable SYSTEM disk of a virtual machine, or the DATA of one deployment.';
COMMENT ON COLUMN volumes.size_bytes IS 'As the guest sees it.';
CREATE UNIQUE INDEX volumes_system ON volumes (virtual_machine_id) WHERE kind = 'SYSTEM';
CREATE UNIQUE INDEX volumes_data ON volumes (deployment_id);
CREATE INDEX volumes_virtual_machine ON volumes (virtual_machine_id);
CREATE INDEX volumes_pool ON volumes (storage_pool_id);
SELECT wall_tenant('volumes');
GRANT SELECT, INSERT ON volumes TO berth_tenant, berth_storefront;

CREATE TABLE reservations (
    id                 uuid PRIMARY KEY,
    tenant_id          uuid NOT NULL REFERENCES tenants (id),
    virtual_machine_id uuid NOT NULL,
    machine_id         uuid NOT NULL REFERENCES machines (id),
    storage_pool_id    uuid NOT NULL REFERENCES storage_pools (id),
    memory_bytes       bigint NOT NULL CHECK (memory_bytes >= 0),
    vcpus              int NOT NULL CHECK (vcpus >= 0),
    disk_bytes         bigint NOT NULL CHECK (disk_bytes >= 0),
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (virtual_machine_id),
    FOREIGN KEY (tenant_id, virtual_machine_id) REFERENCES virtual_machines (tenant_id, id)
);
COMMENT ON TABLE reservations IS 'The capacity a virtual machine holds. The counters on machine and pool are the sums of these.';
COMMENT ON COLUMN reservations.memory_bytes IS 'Zero after a delete, while disk_bytes still holds the kept data volumes.';
CREATE INDEX reservations_machine ON reservations (machine_id);
CREATE INDEX reservations_pool ON reservations (storage_pool_id);
SELECT wall_tenant('reservations');
GRANT SELECT ON reservations TO berth_tenant, berth_storefront;

CREATE TABLE addresses (
    id                 uuid PRIMARY KEY,
    tenant_id          uuid NOT NULL REFERENCES tenants (id),
    network_id         uuid NOT NULL REFERENCES networks (id),
    family             int NOT NULL CHECK (family IN (4, 6)),
    address            text NOT NULL,
    virtual_machine_id uuid,
    free_after         timestamptz,
    UNIQUE (tenant_id, id),
    UNIQUE (network_id, address),
    FOREIGN KEY (tenant_id, virtual_machine_id) REFERENCES virtual_machines (tenant_id, id)
);
COMMENT ON TABLE addresses IS 'An address of a network: free (the platform''s) or a virtual machine''s.';
COMMENT ON COLUMN addresses.free_after IS 'Quarantine: not given out again before.';
CREATE INDEX addresses_network ON addresses (network_id, id);
CREATE UNIQUE INDEX addresses_virtual_machine ON addresses (virtual_machine_id, network_id, family)
    WHERE virtual_machine_id IS NOT NULL;
-- Those that nobody had yet are given out first.
CREATE INDEX addresses_free ON addresses (network_id, family, free_after NULLS FIRST, id)
    WHERE virtual_machine_id IS NULL;
SELECT wall_tenant('addresses');
GRANT SELECT ON addresses TO berth_tenant, berth_storefront;
