CREATE TABLE images (
    id            uuid PRIMARY KEY,
    name          text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 100),
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    size_bytes    bigint NOT NULL CHECK (size_bytes > 0),
    virtual_bytes bigint NOT NULL CHECK (virtual_bytes > 0),
    contract      int NOT NULL CHECK (contract = 1),
    created_at    timestamptz NOT NULL
);
COMMENT ON TABLE images IS 'A base disk (qcow2) that keeps the guest contract. Its file is found by its hash.';
COMMENT ON COLUMN images.size_bytes IS 'Of the file.';
COMMENT ON COLUMN images.virtual_bytes IS 'Of the disk that a guest sees: the least size of a system disk.';
SELECT wall_platform('images');
-- An order needs to know how large its system disk is, and no more.
CREATE POLICY reader ON images FOR SELECT TO berth_tenant, berth_storefront USING (true);
GRANT SELECT (id, virtual_bytes) ON images TO berth_tenant, berth_storefront;

CREATE TABLE applications (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    summary    text NOT NULL CHECK (length(summary) BETWEEN 1 AND 500),
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE applications IS 'A catalogue entry.';
SELECT wall_shared('applications');

CREATE TABLE application_versions (
    id             uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES applications (id),
    version        text NOT NULL CHECK (length(version) BETWEEN 1 AND 50),
    image_id       uuid NOT NULL REFERENCES images (id),
    memory_bytes   bigint NOT NULL CHECK (memory_bytes > 0),
    vcpus          int NOT NULL CHECK (vcpus > 0),
    data_bytes     bigint NOT NULL CHECK (data_bytes > 0),
    shareable      boolean NOT NULL,
    http_port      int NOT NULL CHECK (http_port BETWEEN 1 AND 65535),
    probe          jsonb NOT NULL,
    options        jsonb NOT NULL,
    created_at     timestamptz NOT NULL,
    UNIQUE (application_id, version)
);
COMMENT ON TABLE application_versions IS 'A pinned release: image, the least it needs, options, probe.';
COMMENT ON COLUMN application_versions.memory_bytes IS 'The least a plan must give.';
COMMENT ON COLUMN application_versions.shareable IS 'Whether several deployments of it can live in one virtual machine.';
COMMENT ON COLUMN application_versions.probe IS 'berth_model::Probe';
COMMENT ON COLUMN application_versions.options IS 'A list of berth_model::OptionSpec';
CREATE INDEX application_versions_image ON application_versions (image_id);
CREATE INDEX application_versions_application ON application_versions (application_id, id);
SELECT wall_shared('application_versions');

CREATE TABLE plans (
    id           uuid PRIMARY KEY,
    slug         text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    hosting      text NOT NULL CHECK (hosting IN ('OWN', 'SHARED')),
    memory_bytes bigint NOT NULL CHECK (memory_bytes > 0),
    vcpus        int NOT NULL CHECK (vcpus > 0),
    data_bytes   bigint NOT NULL CHECK (data_bytes > 0),
    price_minor  bigint NOT NULL CHECK (price_minor >= 0),
    currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at   timestamptz NOT NULL
);
COMMENT ON TABLE plans IS 'A size and a price for a month.';
COMMENT ON COLUMN plans.hosting IS 'OWN: a virtual machine for this deployment. SHARED: one that the tenant''s deployments share.';
COMMENT ON COLUMN plans.price_minor IS 'In minor units of the currency (ISO 4217), for a month.';
SELECT wall_shared('plans');
