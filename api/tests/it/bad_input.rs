//! Each wrong argument of each mutation is a typed user error that names its field, and changes
//! nothing.

use berth_model::Role;
use serde_json::{Value, json};

use crate::{
    inputs::{Schema, moves, unknown},
    pages::shop::staff,
    world::World,
};

const URIS: [&str; 6] = [
    "",
    "m1",
    "sim:",
    "test:///default",
    "qemu+ssh://root:secret@m1/system",
    "qemu+ssh://m1/system?command=/bin/sh",
];

const URLS: [&str; 5] = [
    "",
    "shop",
    "http://shop.example.org",
    "https://10.0.0.1",
    "https://anna@shop.example.org",
];

/// Wrong values of an input's field, by its name. None: any value that the type allows is right.
fn wrong(world: &World, mutation: &str, field: &str) -> Vec<Value> {
    let long = "x".repeat(300);
    match field {
        "waves" => wrong_moves(world),
        "idempotencyKey" => vec![json!(""), json!("with space"), json!(long)],
        "name" | "ownerName" => vec![json!(""), json!(" "), json!(long), json!("a\nb")],
        "summary" | "version" => vec![json!(""), json!("a\nb")],
        "externalId" => vec![json!(""), json!(long)],
        "ownerEmail" | "email" | "administratorEmail" => {
            vec![json!("anna"), json!("a@b\r\nc.example")]
        }
        "administratorUsername" => vec![json!(""), json!("Anna"), json!("a b")],
        "domainName" => vec![json!("example"), json!("a b.example"), json!("-a.example")],
        "slug" => vec![json!(""), json!("A"), json!("9a"), json!(long)],
        "sha256" => vec![json!("07"), json!("zz".repeat(32))],
        "memoryReserveBytes" => vec![json!(-1), json!(1_i64 << 60)],
        "sizeBytes" | "virtualBytes" | "memoryBytes" | "dataBytes" => {
            vec![json!(-1), json!(0), json!(1_i64 << 60)]
        }
        "vcpus" => vec![json!(0), json!(-1), json!(1_000_000)],
        "httpPort" => vec![json!(0), json!(-1), json!(65_536)],
        "vcpuOvercommitPercent" => vec![json!(99), json!(3201)],
        "retentionDays" => vec![json!(-1), json!(366)],
        "state" => vec![json!("ENROLLING")],
        "uri" => URIS.map(Value::from).to_vec(),
        "storagePool" => vec![json!(""), json!("a\nb")],
        "options" | "translations" => wrong_of_application(mutation, field),
        "price" => vec![
            json!({ "minor": -1, "currency": "EUR" }),
            json!({ "minor": 1, "currency": "euro" }),
        ],
        "probe" => vec![
            json!({ "path": "x", "deadlineSeconds": 60 }),
            json!({ "path": "/", "deadlineSeconds": 0 }),
            json!({ "path": "/", "deadlineSeconds": -1 }),
        ],
        "ipv4" => vec![
            json!({ "cidr": "x", "first": "198.51.100.9", "last": "198.51.100.9" }),
            json!({ "cidr": "198.51.100.0/24", "first": "192.0.2.1", "last": "198.51.100.9" }),
            json!({ "cidr": "198.51.100.0/24", "first": "198.51.100.9", "last": "198.51.100.8" }),
            json!({ "cidr": "10.0.0.0/8", "first": "10.0.0.1", "last": "10.255.0.1" }),
        ],
        "ipv6" => vec![
            json!({ "cidr": "198.51.100.0/24", "first": "2001:db8::9", "last": "2001:db8::9" }),
            json!({ "cidr": "2001:db8::/64", "first": "198.51.100.9", "last": "2001:db8::9" }),
        ],
        "url" => URLS.map(Value::from).to_vec(),
        "patterns" => vec![json!([]), json!(["x.*"]), json!(vec!["*"; 21])],
        "description" => vec![json!(""), json!(long), json!("a\nb")],
        "networkIds" => vec![json!([]), json!(["x"]), json!([unknown("Network")])],
        id if id.ends_with("Id")
            && (id, mutation.starts_with("identity")) != ("clientId", true) =>
        {
            vec![
                json!("x"),
                json!(unknown("Rack")),
                json!(unknown("Site")),
                json!(unknown(crate::inputs::noun(id))),
            ]
        }
        "failures" => vec![json!(0), json!(3)],
        "tenantCap" => vec![json!(0), json!(10_001)],
        "hosting" | "role" | "guestType" | "shareable" | "enabled" | "survive" | "isSpread" => {
            Vec::new()
        }
        _ if mutation.starts_with("storefront") => wrong_of_storefront(mutation, field),
        other => wrong_of_client(mutation, other),
    }
}

/// The same for moves.
fn wrong_moves(world: &World) -> Vec<Value> {
    let vm = json!(world.ids["VirtualMachine"]);
    let good = moves(world, &vm);
    let mut twice = good.clone();
    let one = good[0]["moves"][0].clone();
    twice[0]["moves"] = json!([one, one]);
    let to = |machine: Value| {
        let mut moved = good.clone();
        moved[0]["moves"][0]["toMachineId"] = machine;
        moved
    };
    vec![
        json!([]),
        json!([{ "moves": [] }]),
        moves(world, &json!("x")),
        moves(world, &json!(unknown("VirtualMachine"))),
        to(json!(world.ids["Machine"])),
        to(json!(unknown("Machine"))),
        twice,
        json!(vec![good[0].clone(); 501]),
    ]
}

/// The same for what is told of applications, and for their options.
fn wrong_of_application(mutation: &str, field: &str) -> Vec<Value> {
    match field {
        "options" if mutation == "deploymentCreate" => {
            let option = json!({ "name": "unknown", "value": { "boolean": true } });
            vec![json!([option])]
        }
        "options" => vec![
            json!([{ "name": "A b", "title": "T", "kind": "BOOLEAN" }]),
            json!([{ "name": "a", "title": "T", "kind": "INTEGER" }]),
            json!([{ "name": "a", "title": "T", "kind": "TEXT" }]),
            json!([{ "name": "a", "title": "T", "kind": "CHOICE" }]),
            json!([{ "name": "a", "title": "T", "kind": "BOOLEAN", "default": { "text": "x" } }]),
            json!([{ "name": "a", "title": "T", "kind": "CHOICE", "choices": ["X"],
                     "choiceTitles": ["One", "Two"] }]),
            json!([{ "name": "a", "title": "T", "kind": "BOOLEAN",
                     "translations": [{ "locale": "DE", "title": "" }] }]),
        ],
        _ => {
            let texts = json!({ "locale": "DE", "name": "A", "summary": "B" });
            vec![
                json!([{ "locale": "DE", "name": "", "summary": "B" }]),
                json!([{ "locale": "DE", "name": "A", "summary": "x".repeat(501) }]),
                json!([texts, texts]),
            ]
        }
    }
}

/// The same for storefronts' inputs.
fn wrong_of_storefront(mutation: &str, field: &str) -> Vec<Value> {
    let price = json!({ "minor": 1, "currency": "EUR" });
    match field {
        "accentColor" | "backgroundColor" => vec![json!(""), json!("red"), json!("#12345g")],
        "logoUrl" | "supportUrl" | "termsUrl" | "privacyUrl" | "imprintUrl" => vec![
            json!(""),
            json!("http://shop.example.org"),
            json!("https://anna@shop.example.org"),
            json!("javascript:alert(1)"),
        ],
        "termsVersion" => vec![json!(""), json!("x".repeat(51)), json!("a\nb")],
        "supportEmail" | "senderEmail" => vec![json!("anna"), json!("a@b\r\nc.example")],
        "host" => vec![
            json!("localhost"),
            json!("192.0.2.1"),
            json!("https://login.example.org"),
            json!("login.example.org:8443"),
            json!("*.example.org"),
        ],
        "corsOrigins" => vec![
            json!(["*"]),
            json!(["null"]),
            json!(["https://shop.example.org/"]),
            json!(["http://shop.example.org"]),
            json!(vec!["https://shop.example.org"; 21]),
        ],
        "plans" => vec![
            json!([]),
            json!([{ "planId": "x", "price": price }]),
            json!([{ "planId": unknown("Plan"), "price": price }]),
        ],
        "applicationIds" => vec![json!([]), json!(["x"]), json!([unknown("Application")])],
        "locale" => Vec::new(),
        other => wrong_of_client(mutation, other),
    }
}

/// The same for clients' inputs.
fn wrong_of_client(mutation: &str, field: &str) -> Vec<Value> {
    match field {
        "actsFor" => vec![
            json!({ "platform": "OWNER" }),
            json!({ "storefront": "x" }),
            json!({ "storefront": unknown("Storefront") }),
            json!({ "tenant": { "tenantId": unknown("Tenant"), "role": "VIEWER" } }),
        ],
        "scopes" => vec![json!([]), json!(["FLEET_READ"])],
        // A tenant's own client has none, and so can't be public.
        "redirectUris" => vec![
            json!(["x"]),
            json!(["http://shop.example.org/callback"]),
            json!(["https://shop.example.org/callback"]),
        ],
        "isPublic" => vec![json!(true)],
        "reason" => vec![json!(""), json!("\n"), json!("x".repeat(501))],
        "minutes" => vec![json!(0), json!(481)],
        "keepSeconds" => vec![json!(-1), json!(604_801)],
        "issuer" => vec![
            json!("x"),
            json!("http://id.example.org"),
            json!("https://10.0.0.1"),
            json!("https://id.example.org/?x"),
        ],
        "clientId" | "clientSecret" => vec![json!(""), json!("a\nb"), json!("x".repeat(501))],
        other => panic!("{mutation} has a new field {other}: say here what is wrong for it"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_argument_is_named() {
    let world = World::with_two_machines().await;
    let schema = Schema::read(&world).await;
    let support = staff(&world.api, Role::PlatformSupport).await;
    let mut failures = Vec::new();
    let mut tried = 0;
    for field in schema.fields("Mutation") {
        let name = field["name"].as_str().unwrap();
        let ty = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        // Storefronts order; what is the provider's, the provider does.
        let fleet = [
            "site",
            "rack",
            "network",
            "image",
            "application",
            "plan",
            "placement",
            "machine",
            "fleet",
            "storefront",
            "client",
        ];
        let provider = fleet.iter().any(|noun| name.starts_with(noun));
        let token = match name {
            // A program may not, whatever it says.
            "supportGrantCreate" => &support,
            _ if provider => &world.platform,
            _ => &world.shop_b,
        };
        for slot in schema.inputs(&ty) {
            for value in wrong(&world, name, &slot.name) {
                tried += 1;
                let mut input = schema.input(&world, name, &format!("k{tried}"));
                input[&slot.name] = value.clone();
                let payload = world.api.try_make(token, name, input, "").await;
                let error = &payload["userErrors"][0];
                if error["field"][0] != "input" || error["field"][1] != slot.name.as_str() {
                    failures.push(format!("{name}({}: {value}): {payload}", slot.name));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {tried}:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(tried > 150, "only {tried} values were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_too_long_or_goes_both_ways_is_refused() {
    let world = World::new().await;
    for (arguments, field) in [
        ("first: 101", "first"),
        ("first: 0", "first"),
        ("last: -1", "last"),
        ("first: 1, last: 1", "last"),
        ("first: 1, before: \"x\"", "before"),
        ("first: 1, after: \"x\"", "after"),
    ] {
        let query = format!("{{ deployments({arguments}) {{ nodes {{ id }} }} }}");
        let answer = world.api.ask(&world.shop_a, &query, json!({})).await;
        assert_eq!(crate::support::code(&answer), "INVALID_INPUT", "{answer}");
        assert_eq!(
            answer["errors"][0]["extensions"]["field"], field,
            "{answer}"
        );
    }
}
