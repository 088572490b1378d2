//! What is ordered: a catalogue with a tiny image, plans, and the orders themselves.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use berth_model::{
    ApplicationPublish, ApplicationVersion, DeploymentCreate, GuestType, Hosting, ImageCreate,
    MachineEnroll, Network, NetworkCreate, NetworkId, NetworkRange, Options, Plan, PlanCreate,
    Probe, RackId, Sha256, Site, Tenant, TenantCreate,
};
use berth_store::{Cx, Store};
use sha2::Digest;

use crate::world::GIB;

/// In seconds.
pub const DEADLINE: u32 = 30;

pub struct Catalogue {
    pub version: ApplicationVersion,
    pub small: Plan,
    pub large: Plan,
    pub shared: Plan,
}

pub async fn catalogue(store: &Store, platform: &Cx, folder: &Path) -> Catalogue {
    let image = image_file(&folder.join("images"));
    let image = store.image_create(platform, image).await.unwrap();
    let publish = ApplicationPublish {
        slug: "matrix".to_owned(),
        name: "Matrix".to_owned(),
        summary: "Chat that federates.".to_owned(),
        translations: berth_model::Translations::new(),
        version: "1".to_owned(),
        image_id: image.id,
        memory_bytes: GIB,
        vcpus: 1,
        data_bytes: GIB,
        shareable: true,
        http_port: 80,
        probe: Probe {
            path: "/health".to_owned(),
            contains: None,
            deadline_seconds: DEADLINE,
        },
        options: Vec::new(),
    };
    let (_, version) = store.application_publish(platform, publish).await.unwrap();
    Catalogue {
        version,
        small: plan(store, platform, "small", Hosting::Own, 1).await,
        large: plan(store, platform, "large", Hosting::Own, 3).await,
        shared: plan(store, platform, "shared", Hosting::Shared, 1).await,
    }
}

async fn plan(store: &Store, platform: &Cx, slug: &str, hosting: Hosting, size: i64) -> Plan {
    let input = PlanCreate {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        hosting,
        memory_bytes: size * GIB,
        vcpus: i32::try_from(size).unwrap(),
        data_bytes: size * GIB,
        price_minor: 500,
        currency: "EUR".to_owned(),
    };
    store.plan_create(platform, input).await.unwrap()
}

/// The header of a qcow2 file of 1 GiB, and nothing in it: the simulator reads no more.
fn image_file(folder: &Path) -> ImageCreate {
    let mut bytes = vec![0; 512];
    bytes[..4].copy_from_slice(b"QFI\xfb");
    bytes[4..8].copy_from_slice(&3_u32.to_be_bytes());
    bytes[24..32].copy_from_slice(&(1_u64 << 30).to_be_bytes());
    let sha256 = Sha256(sha2::Sha256::digest(&bytes).into());
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(sha256.to_string()), &bytes).unwrap();
    ImageCreate {
        name: "tiny".to_owned(),
        sha256,
        size_bytes: 512,
        virtual_bytes: GIB,
    }
}

pub async fn network(store: &Store, platform: &Cx, site: &Site) -> Network {
    let ipv4 = NetworkRange {
        cidr: "10.9.0.0/16".parse().unwrap(),
        gateway: Some(IpAddr::V4(Ipv4Addr::new(10, 9, 0, 1))),
        first: "10.9.1.0".parse().unwrap(),
        last: "10.9.1.255".parse().unwrap(),
    };
    let ipv6 = NetworkRange {
        cidr: "fd00:9::/64".parse().unwrap(),
        gateway: Some("fd00:9::1".parse().unwrap()),
        first: "fd00:9::100".parse().unwrap(),
        last: "fd00:9::1ff".parse().unwrap(),
    };
    let input = NetworkCreate {
        site_id: site.id,
        name: "berth".to_owned(),
        ipv4: Some(ipv4),
        ipv6: Some(ipv6),
    };
    store.network_create(platform, input).await.unwrap()
}

pub async fn tenant(store: &Store, platform: &Cx, name: &str) -> Tenant {
    let input = TenantCreate {
        name: name.to_owned(),
        external_id: None,
        owner_name: name.to_owned(),
        owner_email: format!("{}@example.org", name.to_lowercase())
            .parse()
            .unwrap(),
    };
    store.tenant_create(platform, input).await.unwrap()
}

pub fn machine(rack_id: RackId, network: NetworkId, number: usize) -> MachineEnroll {
    MachineEnroll {
        name: format!("m{number}"),
        uri: format!("sim:m{number}"),
        rack_id,
        guest_type: GuestType::Qemu,
        storage_pool: "berth".to_owned(),
        network_ids: vec![network],
        vcpu_overcommit_percent: 100,
        memory_reserve_bytes: 0,
    }
}

pub fn deployment(
    tenant: &Tenant,
    catalogue: &Catalogue,
    plan: &Plan,
    name: &str,
) -> DeploymentCreate {
    DeploymentCreate {
        tenant_id: tenant.id,
        application_version_id: catalogue.version.id,
        plan_id: plan.id,
        site_id: None,
        name: name.to_owned(),
        domain_name: format!("{name}.example.org").parse().unwrap(),
        external_id: None,
        options: Options::new(),
        administrator_username: "anna".to_owned(),
        administrator_email: "anna@example.org".parse().unwrap(),
    }
}
