//! Machines (physical hosts) and their storage pools.

use serde::Serialize;
use uuid::Uuid;

use crate::{MachineId, NetworkId, RackId, StoragePoolId, Timestamp, states::states};

states! {
    /// What the provider wants of a machine.
    pub enum MachineState {
        /// Not yet looked at.
        Enrolling = "ENROLLING",
        /// Takes new virtual machines.
        Active = "ACTIVE",
        /// Takes no new ones; what runs goes on.
        Draining = "DRAINING",
        /// Takes no new ones; the provider is working on it.
        Maintenance = "MAINTENANCE",
        /// Given up.
        Failed = "FAILED",
    }
}

states! {
    /// How guests run on a machine: libvirt's domain type.
    pub enum GuestType {
        /// Hardware virtualisation.
        Kvm = "KVM",
        /// Software emulation.
        Qemu = "QEMU",
    }
}

/// A physical host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its id.
    pub id: MachineId,
    /// In which rack.
    pub rack_id: RackId,
    /// Its host name; unique.
    pub name: String,
    /// libvirt's connection URI, or `sim:NAME` for a simulated machine.
    pub uri: String,
    /// What the provider wants of it.
    pub state: MachineState,
    /// How guests run on it.
    pub guest_type: GuestType,
    /// Virtual CPUs that may be sold for a hundred of its CPUs; 100 is none over.
    pub vcpu_overcommit_percent: i32,
    /// Memory kept for the host itself, in bytes.
    pub memory_reserve_bytes: i64,
    /// Memory it has, in bytes; 0 until it was looked at.
    pub memory_bytes: i64,
    /// CPUs it has (threads); 0 until it was looked at.
    pub cpus: i32,
    /// Memory of guests that aren't Berth's, in bytes, as last observed.
    pub memory_foreign_bytes: i64,
    /// Virtual CPUs of guests that aren't Berth's, as last observed.
    pub vcpus_foreign: i32,
    /// Sum of the reservations, in bytes.
    pub memory_used_bytes: i64,
    /// Sum of the reservations.
    pub vcpus_used: i32,
    /// What libvirt calls its processors, such as `EPYC-Rome`, if it says.
    pub cpu_model: Option<String>,
    /// When it was last looked at.
    pub observed_at: Option<Timestamp>,
    /// Since when it can't be reached.
    pub unreachable_since: Option<Timestamp>,
    /// When it was enrolled.
    pub created_at: Timestamp,
}

impl Machine {
    /// Machines between which a guest moves alive have the same. Emulated processors are the same
    /// everywhere.
    #[must_use]
    pub fn cpu_family(&self) -> Option<&str> {
        match self.guest_type {
            GuestType::Kvm => self.cpu_model.as_deref(),
            GuestType::Qemu => None,
        }
    }

    /// Memory that may be reserved by Berth in all, in bytes: what is there, less the host's and others'.
    #[must_use]
    pub fn memory_limit_bytes(&self) -> i64 {
        (self.memory_bytes - self.memory_reserve_bytes - self.memory_foreign_bytes).max(0)
    }

    /// Virtual CPUs that may be reserved by Berth in all.
    #[must_use]
    pub fn vcpu_limit(&self) -> i32 {
        let sold = i64::from(self.cpus) * i64::from(self.vcpu_overcommit_percent) / 100;
        i32::try_from(sold)
            .unwrap_or(i32::MAX)
            .saturating_sub(self.vcpus_foreign)
            .max(0)
    }
}

/// A libvirt storage pool of a machine that Berth keeps volumes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoragePool {
    /// Its id.
    pub id: StoragePoolId,
    /// On which machine.
    pub machine_id: MachineId,
    /// As libvirt knows it.
    pub name: String,
    /// In bytes; 0 until it was looked at.
    pub capacity_bytes: i64,
    /// Taken by what isn't Berth's, in bytes, as last observed.
    pub foreign_bytes: i64,
    /// What Berth's volumes may grow to, in bytes.
    pub used_bytes: i64,
}

/// What `machineEnroll` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MachineEnroll {
    /// Its host name; unique.
    pub name: String,
    /// libvirt's connection URI, or `sim:NAME`.
    pub uri: String,
    /// In which rack.
    pub rack_id: RackId,
    /// How guests run on it.
    pub guest_type: GuestType,
    /// The libvirt storage pool to use.
    pub storage_pool: String,
    /// The networks it is on: one at least, of its site.
    pub network_ids: Vec<NetworkId>,
    /// 100 to 3200.
    pub vcpu_overcommit_percent: i32,
    /// In bytes.
    pub memory_reserve_bytes: i64,
}

/// What `machineUpdate` takes; what is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MachineUpdate {
    /// Which machine.
    pub machine_id: MachineId,
    /// `ENROLLING` can't be asked for; `ACTIVE` only after it was looked at.
    pub state: Option<MachineState>,
    /// 100 to 3200, and not below what is sold.
    pub vcpu_overcommit_percent: Option<i32>,
    /// In bytes, and not so that less is left than is sold.
    pub memory_reserve_bytes: Option<i64>,
}

/// What a worker found on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineObservation {
    /// libvirt's host UUID.
    pub host_uuid: Uuid,
    /// In bytes.
    pub memory_bytes: i64,
    /// Threads.
    pub cpus: i32,
    /// What libvirt calls its processors, if it says.
    pub cpu_model: Option<String>,
    /// Memory of guests that aren't Berth's, in bytes.
    pub memory_foreign_bytes: i64,
    /// Virtual CPUs of guests that aren't Berth's.
    pub vcpus_foreign: i32,
    /// Of the storage pool, in bytes.
    pub pool_capacity_bytes: i64,
    /// Taken in the pool by what isn't Berth's, in bytes.
    pub pool_foreign_bytes: i64,
}
