//! Every key, in the order of the example file.

use super::key::{
    Default::{self, Absent, Integer, Required, Text},
    Key, Kind,
};

const fn key(name: &'static str, kind: Kind, default: Default, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        secret: false,
        doc,
    }
}

const fn secret(name: &'static str, kind: Kind, default: Default, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        secret: true,
        doc,
    }
}

/// A cost, or what comes back of it each second.
const fn cost(name: &'static str, default: i64, doc: &'static str) -> Key {
    let kind = Kind::Integer {
        min: 1,
        max: 1_000_000_000,
    };
    key(name, kind, Integer(default), doc)
}

const fn seconds(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

/// Sections and what they are for, in the order of the example file.
pub(crate) const SECTIONS: &[(&str, &str)] = &[
    ("database", "PostgreSQL 15 or later."),
    (
        "keys",
        "The keys that secrets in the database are sealed with.",
    ),
    ("api", "What storefronts and the provider talk to."),
    (
        "limits",
        "What clients may ask for: every object that a request can return costs 1.",
    ),
    (
        "internal",
        "For the provider's own machines: /healthz, /readyz, /metrics. Not for the public.",
    ),
    (
        "worker",
        "What carries out operations. Any number of workers share one database.",
    ),
    (
        "fleet",
        "How machines and what runs on them are kept as wanted.",
    ),
    ("images", "Base disks of guests."),
    (
        "mail",
        "Notices to operators, and codes for their accounts.",
    ),
    (
        "webhooks",
        "What tells storefronts and your own automation what changes: a part of each worker.",
    ),
    (
        "federation",
        "Signing in by identity providers (OpenID Connect), those of storefronts too.",
    ),
    ("log", "What is written to standard error."),
];

/// The table.
pub(crate) const KEYS: &[Key] = &[
    secret(
        "database.url",
        Kind::DatabaseUrl,
        Required,
        "Where the database is. The user is berth_app, which `berth migrate` makes with this password.",
    ),
    secret(
        "database.owner_url",
        Kind::DatabaseUrl,
        Absent,
        "The same database as a user who owns it and may make roles. Only `berth migrate` needs it.",
    ),
    key(
        "database.max_connections",
        Kind::Integer { min: 4, max: 1000 },
        Integer(32),
        "Connections of this process at most. More requests than that wait.",
    ),
    key(
        "database.wait_seconds",
        seconds(1, 300),
        Integer(5),
        "How long a request waits for a connection.",
    ),
    key(
        "keys.file",
        Kind::Path,
        Required,
        "The keyring, readable by Berth alone. `berth keys generate FILE` makes one, or adds a newer \
         key to it for `berth keys rotate`. Without it the secrets in the database are lost: keep \
         a copy elsewhere.",
    ),
    key(
        "api.listen",
        Kind::Listen,
        Text("127.0.0.1:8800"),
        "Address and port. TLS ends in front of it.",
    ),
    key(
        "api.public_url",
        Kind::WebUrl,
        Absent,
        "Where clients reach it, without a slash at the end. Without it: http:// and api.listen.",
    ),
    key(
        "api.trusted_proxies",
        Kind::Networks,
        Absent,
        "Networks of the reverse proxies in front of it. From these, the address of a request is the last one \
         in X-Forwarded-For that is none of them; from all others, X-Forwarded-For counts for nothing. Behind a \
         proxy that isn't named here all people share one budget. List no network that clients come from.",
    ),
    key(
        "api.introspection",
        Kind::Choice(&["on", "off"]),
        Text("on"),
        "Whether clients may ask the API for its schema. GraphiQL and code generators do.",
    ),
    cost("limits.request_cost", 10_000, "What one request may cost."),
    cost(
        "limits.token_cost",
        50_000,
        "What a token may spend at once.",
    ),
    cost(
        "limits.token_cost_per_second",
        1_000,
        "What comes back to a token.",
    ),
    cost(
        "limits.owner_cost",
        100_000,
        "What all tokens of a storefront, of a tenant or of a client of yours may spend together at once.",
    ),
    cost(
        "limits.owner_cost_per_second",
        2_000,
        "What comes back to them.",
    ),
    cost(
        "limits.visitor_cost",
        10_000,
        "What an address may spend at once that looks at a storefront with its public token.",
    ),
    cost(
        "limits.visitor_cost_per_second",
        200,
        "What comes back to it.",
    ),
    key(
        "internal.listen",
        Kind::Listen,
        Text("127.0.0.1:8801"),
        "Address and port.",
    ),
    key(
        "worker.name",
        Kind::Text,
        Absent,
        "Unique among all workers. Without it: host name and process number.",
    ),
    key(
        "worker.concurrency",
        Kind::Integer { min: 1, max: 256 },
        Integer(8),
        "Operations at a time. Each needs a connection to the database now and then.",
    ),
    key(
        "worker.per_tenant_limit",
        Kind::Integer { min: 1, max: 256 },
        Integer(4),
        "Operations of one tenant at a time, over all workers.",
    ),
    key(
        "worker.lease_seconds",
        seconds(5, 3600),
        Integer(30),
        "How long the operation of a worker that died waits for another.",
    ),
    key(
        "worker.poll_seconds",
        seconds(1, 60),
        Integer(1),
        "How often the queue is looked at when no notification comes.",
    ),
    key(
        "worker.max_attempts",
        Kind::Integer { min: 1, max: 100 },
        Integer(10),
        "How often an operation is tried before it is given up.",
    ),
    key(
        "worker.backoff_base_seconds",
        seconds(1, 3600),
        Integer(1),
        "The wait before the second try. It doubles with every try.",
    ),
    key(
        "worker.backoff_cap_seconds",
        seconds(1, 86_400),
        Integer(300),
        "The longest wait between tries.",
    ),
    key(
        "worker.grace_seconds",
        seconds(1, 300),
        Integer(20),
        "How long work and requests may go on when the process stops.",
    ),
    key(
        "fleet.reconcile_seconds",
        seconds(1, 3600),
        Integer(30),
        "How often what is wanted is compared with what is.",
    ),
    key(
        "fleet.quarantine_seconds",
        seconds(0, 604_800),
        Integer(3600),
        "How long an address rests before another guest gets it.",
    ),
    key(
        "fleet.moves_at_once",
        Kind::Integer { min: 1, max: 64 },
        Integer(4),
        "How many moves of one plan go on at once. Each takes a hand of a worker: fewer than \
         worker.concurrency leave some for orders.",
    ),
    key(
        "fleet.move_mib_per_second",
        Kind::Integer {
            min: 0,
            max: 1_000_000,
        },
        Integer(0),
        "How much of the network one move may take, in MiB a second; 0: as much as it gets.",
    ),
    key(
        "fleet.simulator_directory",
        Kind::Path,
        Absent,
        "Where simulated machines (sim:NAME) live. Without it there are none.",
    ),
    key(
        "images.directory",
        Kind::Path,
        Text("var/image-store"),
        "Where `berth image import` puts them.",
    ),
    key(
        "mail.transport",
        Kind::Choice(&["none", "file", "smtp"]),
        Text("none"),
        "How notices leave: not at all, as files in mail.directory, or to a mail server.",
    ),
    key(
        "mail.from",
        Kind::Email,
        Absent,
        "The sender's address, unless a storefront has its own. What can't be delivered comes back to it.",
    ),
    key(
        "mail.from_name",
        Kind::Text,
        Text("Berth"),
        "The sender's name where it is no storefront's: your brand.",
    ),
    key("mail.directory", Kind::Path, Absent, "For \"file\"."),
    key(
        "mail.host",
        Kind::Text,
        Absent,
        "For \"smtp\": the mail server's name, as in its certificate.",
    ),
    key(
        "mail.port",
        Kind::Integer {
            min: 1,
            max: 65_535,
        },
        Integer(587),
        "For \"smtp\".",
    ),
    key(
        "mail.security",
        Kind::Choice(&["none", "starttls", "tls"]),
        Text("starttls"),
        "For \"smtp\". \"none\" only for a server on this machine.",
    ),
    key(
        "mail.ca_file",
        Kind::Path,
        Absent,
        "Certificates (PEM) to trust beside the usual ones.",
    ),
    key("mail.username", Kind::Text, Absent, "For \"smtp\"."),
    secret("mail.password", Kind::Text, Absent, "For \"smtp\"."),
    key(
        "webhooks.reach",
        Kind::Choice(&["public", "development"]),
        Text("public"),
        "Where they may go. \"public\": https to public addresses. \"development\": also http, and \
         this machine itself; for building storefronts.",
    ),
    key(
        "webhooks.deny",
        Kind::Networks,
        Absent,
        "Public addresses that nothing is sent to, such as your own networks'.",
    ),
    key(
        "webhooks.ca_file",
        Kind::Path,
        Absent,
        "Certificates (PEM) of authorities to trust beside the usual ones.",
    ),
    key(
        "webhooks.concurrency",
        Kind::Integer { min: 1, max: 256 },
        Integer(16),
        "Attempts of a worker at a time; as many again at endpoints that fail.",
    ),
    key(
        "webhooks.time_limit_seconds",
        seconds(1, 60),
        Integer(15),
        "How long an endpoint may take to answer.",
    ),
    key(
        "federation.reach",
        Kind::Choice(&["public", "development"]),
        Text("public"),
        "Where identity providers may be. \"public\": https at public addresses. \"development\": also \
         http, and this machine itself; for trying things out.",
    ),
    key(
        "federation.deny",
        Kind::Networks,
        Absent,
        "Public addresses that nothing is sent to, such as your own networks'.",
    ),
    key(
        "federation.ca_file",
        Kind::Path,
        Absent,
        "Certificates (PEM) of authorities to trust beside the usual ones.",
    ),
    key(
        "log.format",
        Kind::Choice(&["pretty", "json"]),
        Text("pretty"),
        "For people or for programs.",
    ),
    key(
        "log.filter",
        Kind::Text,
        Text("info"),
        "What is written, as `tracing` filters: \"info\", or \"info,berth_store=debug\".",
    ),
];
