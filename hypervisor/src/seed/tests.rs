//! The seed's files, read back as a guest would.

use std::{collections::BTreeMap, io::Write, process::Command};

use berth_model::OptionValue;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn seed() -> Seed {
    Seed {
        contract: CONTRACT,
        revision: 7,
        virtual_machine: SeedVirtualMachine {
            id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0123_4567_89ab),
            hostname: "vm-0123456789ab".into(),
        },
        network: SeedNetwork {
            mac: "52:54:00:01:02:03".into(),
            addresses: vec![
                "10.0.0.20/24".parse().unwrap(),
                "fd00:1::20/64".parse().unwrap(),
            ],
            gateways: vec!["10.0.0.1".parse().unwrap(), "fd00:1::1".parse().unwrap()],
            nameservers: vec![],
        },
        deployments: vec![SeedDeployment {
            id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
            application: "matrix".into(),
            application_version: "1.163.0".into(),
            domain_name: "example.org".into(),
            options: [("registration".to_owned(), OptionValue::Text("TOKEN".into()))].into(),
            secrets: [(
                "administratorPassword".to_owned(),
                SeedSecret("s3cret".into()),
            )]
            .into(),
            administrator: SeedAdministrator {
                username: "admin".into(),
                email: "a@example.net".into(),
            },
            data_volume: SeedDataVolume {
                serial: "00000000000000000001".into(),
                label: "berth-data".into(),
            },
            http: SeedHttp { port: 8008 },
        }],
    }
}

#[test]
fn files_are_as_the_contract_says() {
    let image = seed_image(&seed()).unwrap();
    let text = |name| String::from_utf8(fat::read(&image, name).unwrap()).unwrap();
    insta::assert_snapshot!("berth_json", text("berth.json"));
    insta::assert_snapshot!("meta_data", text("meta-data"));
    insta::assert_snapshot!("network_config", text("network-config"));
    assert_eq!(text("user-data"), "#cloud-config\n{}\n");
    assert_eq!(seed_read(&image), Some(seed()));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(seed_image(&seed()).unwrap(), seed_image(&seed()).unwrap());
}

#[test]
fn secrets_are_not_in_debug_output() {
    assert!(!format!("{:?}", seed()).contains("s3cret"));
}

/// mtools and dosfstools read the volume with code of their own.
#[test]
fn others_read_the_volume() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&seed_image(&seed()).unwrap()).unwrap();
    let output = Command::new("mdir")
        .arg("-i")
        .arg(file.path())
        .arg("::")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("CIDATA"), "{text}");
    let check = Command::new("fsck.fat")
        .arg("-nv")
        .arg(file.path())
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success(), "{check:?}");
    assert!(report.contains("2048 bytes per logical sector"), "{report}");
    for name in ["meta-data", "user-data", "network-config", "berth.json"] {
        assert!(
            text.to_lowercase().contains(name),
            "{name} is missing: {text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_written_is_read_back(
        revision: u64,
        hostname in "[a-z-]{1,60}",
        names in prop::collection::vec("\\PC{0,200}", 0..300),
        values in prop::collection::btree_map("\\PC{1,20}", "\\PC{0,2000}", 0..40),
    ) {
        let mut seed = seed();
        seed.revision = revision;
        seed.virtual_machine.hostname = hostname;
        let one = seed.deployments.remove(0);
        seed.deployments = names
            .into_iter()
            .map(|domain_name| SeedDeployment { domain_name, ..one.clone() })
            .collect();
        if let Some(first) = seed.deployments.first_mut() {
            first.secrets =
                values.into_iter().map(|(k, v)| (k, SeedSecret(v))).collect::<BTreeMap<_, _>>();
        }
        let image = seed_image(&seed).unwrap();
        prop_assert_eq!(image.len() % (1024 * 1024), 0);
        prop_assert_eq!(seed_read(&image), Some(seed));
    }
}
