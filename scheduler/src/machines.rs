//! From a machine in the database to the machine. Each is opened once in a process, and connects when it is
//! first needed.

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use berth_hypervisor::{Hypervisor, SimulatedMachine, SimulatorConfig};
#[cfg(feature = "libvirt")]
use berth_hypervisor::{LibvirtConfig, LibvirtMachine};
use berth_model::{Clock, Error, ErrorCode, Machine, Result};

/// How machines are reached.
#[derive(Clone, Debug, Default)]
pub struct MachinesConfig {
    /// Where simulated machines live; without it `sim:` URIs are refused.
    pub simulator_dir: Option<PathBuf>,
    /// What a simulated machine is made with when it isn't there yet.
    pub simulator: SimulatorConfig,
    /// Limits of libvirt's connections.
    #[cfg(feature = "libvirt")]
    pub libvirt: LibvirtConfig,
}

/// The machines of this process.
pub struct Machines {
    config: MachinesConfig,
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<String, Arc<dyn Hypervisor>>>,
}

impl fmt::Debug for Machines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machines")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Machines {
    /// None is opened yet. The clock is that of simulated machines.
    #[must_use]
    pub fn new(config: MachinesConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            config,
            clock,
            open: Mutex::default(),
        }
    }

    /// The machine at its URI: `sim:NAME` for a simulated one, else libvirt's. In metrics it has its
    /// own name. The database has each URI once.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::MachineRefused`] for a URI that this process can't use.
    pub fn get(&self, machine: &Machine) -> Result<Arc<dyn Hypervisor>> {
        let uri = machine.uri.as_str();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = open.get(uri) {
            return Ok(found.clone());
        }
        let opened = match uri.strip_prefix("sim:") {
            Some(name) => self.simulated(name)?,
            None => self.real(&machine.name, uri)?,
        };
        open.insert(uri.to_owned(), opened.clone());
        Ok(opened)
    }

    fn simulated(&self, name: &str) -> Result<Arc<dyn Hypervisor>> {
        let folder = self.config.simulator_dir.as_deref().ok_or_else(|| {
            Error::new(
                ErrorCode::MachineRefused,
                "Simulated machines are not switched on here.",
            )
        })?;
        let machine =
            SimulatedMachine::open(folder, name, &self.config.simulator, self.clock.clone())?;
        Ok(Arc::new(machine))
    }

    #[cfg(feature = "libvirt")]
    fn real(&self, name: &str, uri: &str) -> Result<Arc<dyn Hypervisor>> {
        Ok(Arc::new(LibvirtMachine::connect(
            name,
            uri,
            self.config.libvirt.clone(),
        )?))
    }

    #[cfg(not(feature = "libvirt"))]
    #[expect(clippy::unused_self, reason = "the same shape as with libvirt")]
    fn real(&self, _name: &str, _uri: &str) -> Result<Arc<dyn Hypervisor>> {
        Err(Error::new(
            ErrorCode::MachineRefused,
            "This program is built without libvirt: only simulated machines (sim:NAME) work.",
        ))
    }
}

#[cfg(all(test, feature = "libvirt"))]
mod tests {
    use berth_model::{GuestType, MachineState, SystemClock};
    use metrics_exporter_prometheus::PrometheusBuilder;
    use uuid::Uuid;

    use super::*;

    /// A machine of libvirt's test driver, which needs no daemon.
    fn machine(name: &str) -> Machine {
        Machine {
            id: Uuid::nil().into(),
            rack_id: Uuid::nil().into(),
            name: name.to_owned(),
            uri: "test:///default".to_owned(),
            state: MachineState::Active,
            guest_type: GuestType::Qemu,
            vcpu_overcommit_percent: 100,
            memory_reserve_bytes: 0,
            memory_bytes: 0,
            cpus: 0,
            memory_foreign_bytes: 0,
            vcpus_foreign: 0,
            memory_used_bytes: 0,
            vcpus_used: 0,
            cpu_model: None,
            observed_at: None,
            unreachable_since: None,
            created_at: berth_model::Timestamp::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn a_machine_has_its_name_in_metrics_and_not_its_uri() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        // For this thread only, on which the whole test runs.
        let _recording = metrics::set_default_local_recorder(&recorder);
        berth_hypervisor::libvirt::metrics_describe();
        let machines = Machines::new(MachinesConfig::default(), Arc::new(SystemClock));
        let found = machines.get(&machine("m1.example.org")).unwrap();
        found.guest_list().await.unwrap();
        let text = handle.render();
        let label = "machine=\"m1.example.org\"";
        assert!(text.contains(label) && !text.contains("test:"), "{text}");
        for name in ["berth_libvirt_calls_total", "berth_libvirt_call_seconds"] {
            assert!(text.contains(&format!("# HELP {name} ")), "{text}");
        }
    }
}
