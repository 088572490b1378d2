//! A guest like Berth's, made by hand: its definition with other names, its seed from the same bytes.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use berth_hypervisor::{
    CONTRACT, Health, ProbeTarget, Prober, Seed, SeedAdministrator, SeedDataVolume, SeedDeployment,
    SeedHttp, SeedNetwork, SeedVirtualMachine, seed_image,
};
use berth_model::Probe;
use berth_tests::{World, fresh_uuid};
use uuid::Uuid;

use super::{Times, virsh::Virsh};

/// How often Berth looks whether a guest is healthy.
const POLL: Duration = Duration::from_millis(250);

const DOMAIN_NAME: &str = "twin.example.org";

/// What guests are made after.
pub struct Twin {
    definition: String,
    image: String,
    network: SeedNetwork,
    prober: Prober,
    target: ProbeTarget,
    home: tempfile::TempDir,
}

/// One guest: its definition, and the names in it.
struct Guest {
    definition: String,
    id: String,
    volumes: Volumes,
}

struct Volumes {
    system: String,
    data: String,
    seed: String,
    serial: String,
}

impl Twin {
    /// `definition` is of a guest of Berth's that has a seed.
    pub async fn new(world: &World, definition: String, address: &str) -> Self {
        let sql = "SELECT replace(images.id::text, '-', ''), ipv4_cidr, ipv4_gateway
            FROM images, networks";
        let row = world.sql.query_one(sql, &[]).await.unwrap();
        let (id, net, gateway): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let prefix = net.rsplit('/').next().unwrap();
        let network = SeedNetwork {
            mac: between(&definition, "<mac address='", "'").to_owned(),
            addresses: vec![format!("{address}/{prefix}").parse().unwrap()],
            gateways: vec![gateway.parse().unwrap()],
            nameservers: Vec::new(),
        };
        Self {
            definition,
            image: format!("berth-image-{id}"),
            network,
            prober: Prober::new().unwrap(),
            target: ProbeTarget {
                address: address.parse().unwrap(),
                port: 80,
                domain_name: DOMAIN_NAME.into(),
                probe: Probe {
                    path: "/health".into(),
                    contains: Some("ok".into()),
                    deadline_seconds: 120,
                },
            },
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// Makes a guest, waits until it is healthy, takes its seed away; then, unmeasured, removes it.
    pub async fn run(&self, virsh: &mut Virsh) -> Times {
        let guest = self.guest();
        let file = self.home.path().join("guest.xml");
        let begun = Instant::now();
        std::fs::write(&file, &guest.definition).unwrap();
        self.make(virsh, &guest, &file);
        let powered_on = begun.elapsed();
        self.healthy().await;
        let drive = between(&guest.definition, "device='cdrom'", "bus=");
        let drive = between(drive, "<target dev='", "'");
        virsh.run(&format!(
            "change-media {} {drive} --eject --live --config",
            guest.id
        ));
        virsh.run(&format!("vol-delete {} --pool berth", guest.volumes.seed));
        let running = begun.elapsed();
        virsh.run(&format!("destroy {}", guest.id));
        virsh.run(&format!("undefine {}", guest.id));
        for volume in [&guest.volumes.system, &guest.volumes.data] {
            virsh.run(&format!("vol-delete {volume} --pool berth"));
        }
        Times {
            powered_on,
            running,
        }
    }

    fn make(&self, virsh: &mut Virsh, guest: &Guest, definition: &Path) {
        let seed = self.home.path().join("seed.img");
        let bytes = seed_image(&self.seed(guest)).unwrap();
        std::fs::write(&seed, &bytes).unwrap();
        let Volumes {
            system,
            data,
            seed: seed_volume,
            ..
        } = &guest.volumes;
        let (system_bytes, data_bytes) = (self.system_bytes(virsh), 64 << 20);
        for command in [
            format!(
                "vol-create-as berth {system} {system_bytes} --format qcow2 --backing-vol {} \
                 --backing-vol-format qcow2",
                self.image
            ),
            format!("vol-create-as berth {data} {data_bytes} --format raw --allocation 0"),
            format!(
                "vol-create-as berth {seed_volume} {} --format raw",
                bytes.len()
            ),
            format!("vol-upload {seed_volume} {} --pool berth", seed.display()),
            format!("define {}", definition.display()),
            format!("start {}", guest.id),
        ] {
            virsh.run(&command);
        }
    }

    /// Berth knows it from its database.
    fn system_bytes(&self, virsh: &mut Virsh) -> String {
        let xml = virsh.run(&format!("vol-dumpxml {} --pool berth", self.image));
        between(&xml, "<capacity unit='bytes'>", "<").to_owned()
    }

    async fn healthy(&self) {
        let mut ticks = tokio::time::interval(POLL);
        loop {
            ticks.tick().await;
            if self.prober.probe(&self.target).await == Health::Healthy {
                return;
            }
        }
    }

    fn guest(&self) -> Guest {
        let of = |prefix: &str| between(&self.definition, prefix, "'");
        let old_id = between(&self.definition, "<uuid>", "<");
        let old_name = between(&self.definition, "<name>", "<");
        let old_serial = between(&self.definition, "<serial>", "<");
        let old_system = of("volume='berth-system-");
        let old_data = of("volume='berth-data-");
        let old_seed = of("volume='berth-seed-");
        let id = fresh_uuid();
        let (id, simple) = (id.to_string(), id.simple().to_string());
        let data = fresh_uuid().simple().to_string();
        let serial = data[data.len() - 20..].to_owned();
        let mut definition = self.definition.clone();
        for (old, new) in [
            (old_id, id.as_str()),
            (old_name, &format!("berth-{}", &simple[simple.len() - 12..])),
            (old_system, &format!("{simple}-1")),
            (old_seed, &format!("{simple}-1")),
            (old_data, &data),
            (old_serial, &serial),
        ] {
            definition = definition.replace(old, new);
        }
        let volumes = Volumes {
            system: format!("berth-system-{simple}-1"),
            data: format!("berth-data-{data}"),
            seed: format!("berth-seed-{simple}-1"),
            serial,
        };
        Guest {
            definition,
            id,
            volumes,
        }
    }

    fn seed(&self, guest: &Guest) -> Seed {
        let id: Uuid = guest.id.parse().unwrap();
        Seed {
            contract: CONTRACT,
            revision: 1,
            virtual_machine: SeedVirtualMachine {
                id,
                hostname: "vm-twin".into(),
            },
            network: self.network.clone(),
            deployments: vec![SeedDeployment {
                id,
                application: "tiny".into(),
                application_version: "1".into(),
                domain_name: DOMAIN_NAME.into(),
                options: serde_json::from_str(r#"{"unhealthy":false}"#).unwrap(),
                secrets: BTreeMap::new(),
                administrator: SeedAdministrator {
                    username: "anna".into(),
                    email: "anna@example.org".into(),
                },
                data_volume: SeedDataVolume {
                    serial: guest.volumes.serial.clone(),
                    label: "berth-data".into(),
                },
                http: SeedHttp { port: 80 },
            }],
        }
    }
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}
