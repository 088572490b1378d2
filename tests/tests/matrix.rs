//! Matrix through all of Berth, as `make run` does it: a provider's command, a shop's command, and what they
//! leave. Takes minutes under software emulation, so `scripts/test --full` asks for it.

#![expect(clippy::unwrap_used, reason = "a test's help fails where it stands")]

use std::{collections::BTreeMap, process::Command, time::Duration};

use berth_store::testing::TestDatabase;
use berth_tests::{Api, Environment, Lab, Lister, connect, differences, images, output, until};
use serde_json::json;

/// For an operation other than the order: the guest goes down, volumes go away.
const LIMIT: Duration = Duration::from_secs(300);

/// The rows of the table that the demo ends with: a name, and one line or more.
fn table(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    let (_, table) = text
        .split_once("\n\n")
        .unwrap_or_else(|| panic!("no table: {text}"));
    for line in table.lines() {
        let (_, line) = line.split_at(2);
        if !line.starts_with(' ') {
            name = line.split("  ").next().unwrap().to_owned();
        }
        let value = line.strip_prefix(&name).unwrap_or(line).trim();
        rows.entry(name.clone()).or_default().push(value.to_owned());
    }
    rows
}

/// Runs a command that must succeed; what it printed.
async fn succeeds(command: Command) -> String {
    let told = format!("{command:?}");
    let output = output(command).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{told}: {}\n{text}\n{errors}",
        output.status
    );
    text
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: scripts/test --full runs it"]
async fn matrix_is_ordered_used_and_deleted() {
    let lab = Lab::alone().await;
    let database = TestDatabase::new().await;
    let mut home = tempfile::tempdir().unwrap();
    // For a look at the logs after a failure.
    home.disable_cleanup(std::env::var_os("BERTH_TEST_KEEP").is_some());
    let environment = Environment::new(home.path(), &database.app_url, None);
    let often = [("BERTH_FLEET_RECONCILE_SECONDS", "5".to_owned())];
    let _serve = environment.start("serve", &often);
    environment.ready().await;

    provide(&lab, &environment).await;
    let shop = environment.credentials(&["--kind", "storefront", "--storefront", "Test shop"]);
    let arguments = ["demo", "--application", "matrix"];
    let text = succeeds(environment.client_command(&arguments, &shop)).await;
    let rows = table(&text);
    table_check(&lab, &rows);

    let sql = connect(&database.owner_url).await;
    let found = differences(&sql, &lab.lister()).await;
    assert!(found.is_empty(), "after the order: {found:#?}");
    let shop = Api::sign_in(&environment.url, &shop.id, &shop.secret).await;
    leave(&shop, id_of(&rows["deployment"][0])).await;
    let found = differences(&sql, &lab.lister()).await;
    assert!(found.is_empty(), "after the deletion: {found:#?}");
    only_images_are_left(&lab);
    lab.sweep();
    // It has a copy of every image.
    home.disable_cleanup(false);
}

/// What a provider does once.
async fn provide(lab: &Lab, environment: &Environment) {
    let provider = environment.credentials(&["--kind", "platform"]);
    let catalogue = concat!(env!("CARGO_MANIFEST_DIR"), "/../catalogue");
    let (lab_file, images) = (lab.file().to_str().unwrap(), images());
    let arguments = [
        "provision",
        "--lab",
        lab_file,
        "--catalogue",
        catalogue,
        "--images",
        images.to_str().unwrap(),
    ];
    let made = succeeds(environment.client_command(&arguments, &provider)).await;
    for line in [
        "made application matrix",
        "made plan small",
        "made machine m1",
    ] {
        assert!(made.contains(line), "{line}: {made}");
    }
    let again = succeeds(environment.client_command(&arguments, &provider)).await;
    assert_eq!(again, "", "the second time nothing is missing");
}

fn only_images_are_left(lab: &Lab) {
    for machine in lab.machines() {
        let listed = lab.lister().list(&machine);
        assert!(listed.guests.is_empty(), "{machine}: {listed:#?}");
        let mut volumes = listed.volumes.iter();
        assert!(
            volumes.all(|name| name.starts_with("berth-image-")),
            "{machine}: {listed:#?}"
        );
    }
}

/// What a reader of the table must find.
fn table_check(lab: &Lab, rows: &BTreeMap<String, Vec<String>>) {
    let names: Vec<&str> = rows.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "address",
            "deployment",
            "machines",
            "matrix room",
            "plan",
            "steps",
            "tenant"
        ]
    );
    assert!(
        rows["tenant"][0].starts_with("Demo ") && id_of(&rows["tenant"][0]).starts_with("ten_")
    );
    let deployment = &rows["deployment"][0];
    let (domain_name, state) = deployment.split_once(' ').unwrap();
    assert!(domain_name.ends_with(".demo.example"), "{deployment}");
    assert!(state.starts_with("RUNNING "), "{deployment}");

    // A storefront is told how many, and of none which.
    let machines = &rows["machines"];
    assert!(machines[0].ends_with(" fit"), "{machines:?}");
    let number = |line: &String| {
        let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().unwrap()
    };
    let told: usize = machines.iter().map(number).sum();
    assert_eq!(told, lab.machines().len(), "{machines:?}");
    let addresses: Vec<std::net::IpAddr> = rows["address"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    assert!(addresses.len() == 2 && addresses.iter().any(std::net::IpAddr::is_ipv6));
    assert!(rows["plan"][0].starts_with("Small: "), "{:?}", rows["plan"]);

    let steps: Vec<&str> = rows["steps"].iter().map(|line| step_name(line)).collect();
    assert_eq!(
        steps,
        [
            "place", "image", "volumes", "seed", "define", "start", "probe", "finish", "all"
        ]
    );
    let room = &rows["matrix room"];
    assert!(room[0].starts_with('!'), "{room:?}");
    let (user, read) = room[1].split_once(" wrote and read back: ").unwrap();
    let name = user.strip_prefix('@').unwrap().split(':').next().unwrap();
    assert_eq!(user, format!("@{name}:{domain_name}"));
    assert_eq!(read, format!("Hello from {name}"));
}

/// `probe  61.2 s`: the name, when the rest is a time.
fn step_name(line: &str) -> &str {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap();
    let seconds: f64 = words.next().unwrap().parse().unwrap();
    assert!(seconds >= 0.0 && words.next() == Some("s"), "{line}");
    name
}

/// `name (id)`
fn id_of(text: &str) -> &str {
    text.rsplit_once('(').unwrap().1.trim_end_matches(')')
}

/// Deletes the deployment with its data, and waits until nothing of it is left.
async fn leave(shop: &Api, deployment: &str) {
    let input = json!({ "deploymentId": deployment, "retentionDays": 0 });
    let payload = shop
        .done("deploymentDelete", input, "operation { id }")
        .await;
    let operation = payload["operation"]["id"].as_str().unwrap();
    let ended = shop.operation_end(operation, LIMIT).await;
    assert_eq!(ended["state"], "SUCCEEDED", "{ended:#}");
    let look = || async { (shop.deployment_state(deployment).await == "PURGED").then_some(()) };
    until(LIMIT, look, || "the retention time is over".to_owned()).await;
}
