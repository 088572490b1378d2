//! From a machine's URI to the machine. Each is opened once in a process, and connects when it is
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
use berth_model::{Clock, Error, ErrorCode, Result};

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

    /// The machine of a URI: `sim:NAME` for a simulated one, else libvirt's.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::MachineRefused`] for a URI that this process can't use.
    pub fn get(&self, uri: &str) -> Result<Arc<dyn Hypervisor>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(machine) = open.get(uri) {
            return Ok(machine.clone());
        }
        let machine = match uri.strip_prefix("sim:") {
            Some(name) => self.simulated(name)?,
            None => self.real(uri)?,
        };
        open.insert(uri.to_owned(), machine.clone());
        Ok(machine)
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
    fn real(&self, uri: &str) -> Result<Arc<dyn Hypervisor>> {
        Ok(Arc::new(LibvirtMachine::connect(
            uri,
            uri,
            self.config.libvirt.clone(),
        )?))
    }

    #[cfg(not(feature = "libvirt"))]
    #[expect(clippy::unused_self, reason = "the same shape as with libvirt")]
    fn real(&self, _uri: &str) -> Result<Arc<dyn Hypervisor>> {
        Err(Error::new(
            ErrorCode::MachineRefused,
            "This program is built without libvirt: only simulated machines (sim:NAME) work.",
        ))
    }
}
