//! Goldens of mistakes, and that table, example and typed configuration agree.

use std::{collections::HashMap, os::unix::fs::PermissionsExt};

use proptest::prelude::*;

use super::{key::Kind, read::Source, table::KEYS, *};

/// A keyring file that passes the check; removed with the guard.
fn keyring() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyring");
    std::fs::write(&path, "k:00\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<Problem>> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let source = Source {
        file: "berth.toml",
        text,
    };
    Config::from_source(Some(source), |name| {
        variables.get(name).map(|text| (*text).to_owned())
    })
}

fn problems(text: &str, variables: &[(&str, &str)]) -> String {
    let problems = load(text, variables).unwrap_err();
    problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}

#[test]
fn every_mistake_is_explained_with_its_line() {
    insta::assert_snapshot!(problems(
        r#"# a comment
[database]
url = "mysql://somewhere"
max_conections = 10
wait_seconds = "five"

[databse]
url = "x"

[api]
listen = "localhost"
public_url = 1

[internal]
listen = "127.0.0.1:8800"

[worker]
concurrency = 0
backoff_base_seconds = 600
lease_seconds = 1.5

[mail]
transport = "pigeon"
from = "nobody"
"#,
        &[
            ("BERTH_WORKER_POLL_SECONDS", "often"),
            ("BERTH_LOG_FORMAT", "xml")
        ],
    ));
}

#[test]
fn contradictions_are_explained() {
    let (_folder, keyring) = keyring();
    let shown = problems(
        r#"
[database]
url = "postgres://berth_app:x@127.0.0.1/berth"
max_connections = 8
[api]
listen = "127.0.0.1:1"
[internal]
listen = "127.0.0.1:1"
[limits]
request_cost = 60000
owner_cost = 100
[worker]
concurrency = 20
backoff_base_seconds = 100
backoff_cap_seconds = 10
[mail]
transport = "smtp"
host = "mail.example.org"
security = "none"
username = "u"
password = "p"
ca_file = "no/such/file.pem"
[webhooks]
ca_file = "no/such/other.pem"
[images]
directory = "Cargo.toml"
"#,
        &[("BERTH_KEYS_FILE", keyring.as_str())],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn a_bucket_that_a_request_could_never_be_paid_from_is_a_mistake() {
    let (_folder, keyring) = keyring();
    let variables = [
        ("BERTH_KEYS_FILE", keyring.as_str()),
        (
            "BERTH_DATABASE_URL",
            "postgres://berth_app:x@127.0.0.1/berth",
        ),
    ];
    for (text, expected) in [
        (
            "[limits]\nvisitor_cost = 9999\n",
            "berth.toml:2: limits.visitor_cost: is less than limits.request_cost = 10000, which it could never \
             give; make it 10000 or more\n",
        ),
        (
            "[limits]\nrequest_cost = 10001\n",
            "berth.toml:2: limits.request_cost: is more than limits.visitor_cost = 10000 can ever give; set that \
             to 10001 or more\n",
        ),
        (
            "[limits]\ntoken_cost = 9999\n",
            "berth.toml:2: limits.token_cost: is less than limits.request_cost = 10000, which it could never give; \
             make it 10000 or more\n",
        ),
        (
            "[limits]\ntoken_cost = 200000\n",
            "berth.toml:2: limits.token_cost: is more than limits.owner_cost = 100000 can ever give; set that to \
             200000 or more\n",
        ),
    ] {
        assert_eq!(problems(text, &variables), expected);
    }
    let fits = "[limits]\nrequest_cost = 20000\nvisitor_cost = 20000\n";
    assert_eq!(
        load(fits, &variables).unwrap().limits.visitor_bucket.size,
        20_000
    );
}

#[test]
fn the_proxies_that_are_trusted_are_networks_and_none_unless_said() {
    let (_folder, keyring) = keyring();
    let text = "[database]\nurl = \"postgres://a:x@h/d\"\n[api]\n";
    let variables = [("BERTH_KEYS_FILE", keyring.as_str())];
    assert!(
        load(text, &variables)
            .unwrap()
            .api
            .trusted_proxies
            .is_empty()
    );
    let some = format!("{text}trusted_proxies = \"127.0.0.1/32, ::1/128\"\n");
    let proxies = load(&some, &variables).unwrap().api.trusted_proxies;
    let client = proxies.client("::1".parse().unwrap(), ["192.0.2.7"].into_iter());
    assert_eq!(client.to_string(), "192.0.2.7");
    let wrong = format!("{text}trusted_proxies = \"proxy.example.org\"\n");
    assert!(
        problems(&wrong, &variables)
            .contains("berth.toml:4: api.trusted_proxies: must be networks")
    );
}

#[test]
fn what_is_no_toml_or_in_the_wrong_place_is_explained() {
    insta::assert_snapshot!("no_toml", problems("[database]\nurl = \n", &[]));
    insta::assert_snapshot!(problems("listen = \"x\"\nworker = 5\nfoo = 1\n", &[]));
}

#[test]
fn a_missing_or_open_keyring_is_explained() {
    let (_folder, path) = keyring();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let url = (
        "BERTH_DATABASE_URL",
        "postgres://berth_app:x@127.0.0.1/berth",
    );
    let open = problems("", &[url, ("BERTH_KEYS_FILE", &path)]);
    assert_eq!(
        open,
        format!("BERTH_KEYS_FILE: keys.file: others may read {path}; run: chmod 600 {path}\n")
    );
    let missing = problems("", &[url, ("BERTH_KEYS_FILE", "no/such")]);
    assert!(missing.contains("berth keys generate no/such"), "{missing}");
}

#[test]
fn the_environment_overrides_the_file() {
    let (_folder, keyring) = keyring();
    let text = "[database]\nurl = \"postgres://a:x@h/d\"\n[worker]\nconcurrency = 3\n";
    let variables = [
        ("BERTH_KEYS_FILE", keyring.as_str()),
        ("BERTH_WORKER_CONCURRENCY", "5"),
    ];
    let config = load(text, &variables).unwrap();
    assert_eq!(config.worker.concurrency, 5);
    assert_eq!(
        config.limits,
        berth_api::Limits::default(),
        "the table's own"
    );
    assert!(config.mail.is_none() && config.api.public_url.is_none());
    assert!(!format!("{config:?}").contains(":x@"));
}

#[test]
fn the_example_file_is_made_from_the_table_and_names_every_key() {
    let example = example();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../berth.example.toml");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        kept, example,
        "run: berth config example >berth.example.toml"
    );
    let (_folder, keyring) = keyring();
    load(&kept, &[("BERTH_KEYS_FILE", &keyring)]).expect("a copy of it is a good start");
    for key in KEYS {
        let name = key.name.split_once('.').unwrap().1;
        let line = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{name} = "))
        };
        assert!(kept.lines().any(line), "{}", key.name);
        if let Some(default) = key.default.value() {
            assert_eq!(key.check(default.clone()), Ok(default), "{}", key.name);
        }
    }
}

#[test]
fn every_optional_key_is_read_into_the_configuration() {
    let (_folder, keyring) = keyring();
    // The example with its optional keys uncommented, over SMTP.
    let text = example().replace("transport = \"none\"", "transport = \"smtp\"");
    let text: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.contains(" = \"") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .filter(|line| !line.starts_with("ca_file"))
        .collect();
    let config = load(&text, &[("BERTH_KEYS_FILE", &keyring)]).unwrap();
    let shown = format!("{:?}", config.mail.unwrap());
    assert!(
        shown.contains("mail.provider.example") && !shown.contains("secret"),
        "{shown}"
    );
    let denied: Vec<String> = config
        .webhooks
        .bounds
        .denied
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(denied, ["198.51.100.0/24", "2001:db8::/32"]);
    assert!(config.database.owner_url.is_some() && config.fleet.simulator_directory.is_some());
}

#[test]
fn introspection_is_on_until_it_is_switched_off() {
    let (_folder, keyring) = keyring();
    let keyring = ("BERTH_KEYS_FILE", keyring.as_str());
    let config = load(&example(), &[keyring]).unwrap();
    assert!(config.limits.introspection);
    let off = ("BERTH_API_INTROSPECTION", "off");
    let config = load(&example(), &[keyring, off]).unwrap();
    assert!(!config.limits.introspection);
    let text = example().replace("introspection = \"on\"", "introspection = true");
    assert!(problems(&text, &[keyring]).contains("one of \"on\", \"off\""));
}

#[test]
fn what_is_shown_has_no_secret() {
    let text = "[database]\nurl = \"postgres://a:hunter2@h/d\"\n[log]\nformat = \"json\"\n";
    let source = Source {
        file: "berth.toml",
        text,
    };
    let shown = show::show_source(Some(source), |name| {
        (name == "BERTH_WORKER_CONCURRENCY").then(|| "5".to_owned())
    })
    .unwrap();
    assert!(!shown.contains("hunter2"));
    insta::assert_snapshot!(shown);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]a-z._=\"0-9 \\n#-]{0,200}") {
        let _ = load(&text, &[]);
    }

    #[test]
    fn an_integer_passes_exactly_within_its_limits(number: i64) {
        for key in KEYS {
            if let Kind::Integer { min, max } = key.kind {
                let good = key.check(key::Value::Integer(number)).is_ok();
                prop_assert_eq!(good, (min..=max).contains(&number));
            }
        }
    }
}
