//! What tests log is looked through for secrets; here, that one would be found.

use std::{fs, process::Command};

use berth_store::testing::logs;

use crate::world::World;

/// What `scripts/check-logs` ends with and says of a log with this line.
fn checked(line: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("a.planted", "recovery code\tk2v9-4fzm\n".to_owned());
    write("b.planted", "password\tbrass otter\n".to_owned());
    write("a.log", format!("begun\n{line}\nended\n"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/check-logs");
    let output = Command::new(script).arg(folder.path()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let told = told.replace(&folder.path().display().to_string(), "");
    (output.status.code(), told)
}

#[test]
fn a_canary_is_found_and_named_and_not_repeated() {
    let token = "A".repeat(43);
    let bytes = format!("{:?}", format!("bt_{token}").as_bytes());
    for (kind, secret) in [
        ("password", "brass otter"),
        ("recovery code", "k2v9-4fzm"),
        ("client secret", &format!("bs_{token}")),
        ("access token", &format!("bt_{token}")),
        ("refresh token", &format!("br_{token}")),
        ("authorisation code", &format!("bc_{token}")),
        ("session", &format!("bk_{token}")),
        ("browser secret", &format!("bb_{token}")),
        ("secret with any prefix", &format!("bz_{token}")),
        ("webhook secret", &format!("whsec_{token}=")),
        ("credentials of HTTP", &format!("Basic {token}")),
        ("password in a URL", "postgres://berth:word@127.0.0.1/berth"),
        ("number of a second factor", "csrf=a&code=123456&x"),
        ("number of a second factor", "Form { code: \"123456\" }"),
        ("number of a second factor", "{\\\"code\\\":\\\"123456\\\"}"),
        ("token in bytes", &bytes),
    ] {
        let (status, told) = checked(&format!("{{\"message\":\"x={secret}\"}}"));
        assert_eq!(status, Some(1), "{kind}");
        assert!(told.contains(&format!("{kind}: /a.log:2\n")), "{told}");
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn what_is_no_secret_is_not_found() {
    let public = format!("bp_{}", "A".repeat(43));
    for line in [
        "nothing",
        &public,
        &format!("{:?}", public.as_bytes()),
        "bt_of-a-test",
        "{\"code\":\"NOT_FOUND\",\"remote\":\"127.0.0.1:123456\"}",
        "status code: 1234567",
        "http://127.0.0.1:8080/@x",
        "bs_…",
    ] {
        assert_eq!(checked(line), (Some(0), String::new()), "{line}");
    }
}

/// Otherwise nothing would be found because nothing is there.
#[tokio::test(flavor = "multi_thread")]
async fn tests_log_at_the_finest_level_and_plant_what_is_sealed() {
    let world = World::new().await;
    let order = world.order(&world.tenant, &world.small, "logs.example.org");
    let made = world
        .store()
        .deployment_create(&world.shop, order)
        .await
        .unwrap();
    let handover = world.store().deployment_handover(&world.shop, made.0.id);
    let password = handover.await.unwrap().initial_password.unwrap();
    tracing::trace!(target: "berth::logs", "the finest level");
    let _ = std::panic::catch_unwind(|| panic!("a panic on purpose"));
    drop(world);
    let log = logs::text();
    for told in [
        "the finest level",
        "a panic on purpose",
        "tokio_postgres::query",
    ] {
        assert!(log.contains(told), "{told} is not in the log");
    }
    let planted = fs::read_to_string(logs::file("planted")).unwrap();
    assert!(planted.contains(&format!("deployment_secrets\t{password}\n")));
}
