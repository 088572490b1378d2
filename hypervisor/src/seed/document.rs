//! `berth.json` as types. Names and shapes are the contract with every image: they only grow.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use berth_model::Options;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the guest contract that is spoken here.
pub const CONTRACT: u32 = 1;

/// All that a guest is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seed {
    /// [`CONTRACT`].
    pub contract: u32,
    /// Grows with every seed of this virtual machine. A guest follows the highest it has seen.
    pub revision: u64,
    /// Who it is.
    pub virtual_machine: SeedVirtualMachine,
    /// Where it is.
    pub network: SeedNetwork,
    /// What it runs. Empty is a guest with nothing to do.
    pub deployments: Vec<SeedDeployment>,
}

/// Who the guest is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedVirtualMachine {
    /// The virtual machine's id.
    pub id: Uuid,
    /// `vm-` and the last 12 digits of the id.
    pub hostname: String,
}

/// The guest's only network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedNetwork {
    /// `52:54:00:…`, to find the interface by.
    pub mac: String,
    /// Its addresses with their prefix, such as `10.0.0.20/24`.
    pub addresses: Vec<IpNet>,
    /// One default gateway of each family at most.
    pub gateways: Vec<IpAddr>,
    /// DNS resolvers.
    pub nameservers: Vec<IpAddr>,
}

/// A deployment, as its guest sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeedDeployment {
    /// The deployment's id.
    pub id: Uuid,
    /// The application's slug, such as `matrix`.
    pub application: String,
    /// Its version, such as `1.163.0`.
    pub application_version: String,
    /// The name it is reached by.
    pub domain_name: String,
    /// Values by the application's option schema.
    pub options: Options,
    /// Seeded once, such as `administratorPassword`.
    pub secrets: BTreeMap<String, SeedSecret>,
    /// The application's first administrator, made at the first start.
    pub administrator: SeedAdministrator,
    /// Where everything goes that must not be lost.
    pub data_volume: SeedDataVolume,
    /// Where the application answers.
    pub http: SeedHttp,
}

/// The application's first administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedAdministrator {
    /// The account's name.
    pub username: String,
    /// Their e-mail address.
    pub email: String,
}

/// How the guest finds a data volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedDataVolume {
    /// The disk's serial: 20 hexadecimal digits.
    pub serial: String,
    /// The file system's label: `berth-data`.
    pub label: String,
}

/// Where an application answers, and where it is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedHttp {
    /// TCP port. Deployments of one guest may share it: the Host header tells them apart.
    pub port: u16,
}

/// A secret; `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeedSecret(pub String);

impl fmt::Debug for SeedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeedSecret(…)")
    }
}
