//! What a simulated machine has, and how quick it is.

use std::time::Duration;

const GIB: u64 = 1 << 30;

/// What a simulated machine is made with. All but the last two are kept in its file when it is
/// made; a machine that is there already stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatorConfig {
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Processors.
    pub cpus: u32,
    /// The name of its only storage pool.
    pub pool: String,
    /// The pool's size, in bytes.
    pub pool_bytes: u64,
    /// The name of its only network.
    pub network: String,
    /// From power-on until a guest's applications are healthy, in milliseconds.
    pub boot_millis: u64,
    /// From the power button until a guest is off, in milliseconds.
    pub shutdown_millis: u64,
    /// From the beginning of a guest's move to another machine until it runs there, in
    /// milliseconds.
    pub move_millis: u64,
    /// How long a call may take; only faults make one slow.
    pub call_timeout: Duration,
    /// How often the file is looked at for what other processes did, once someone wants events.
    pub watch_period: Duration,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            memory_bytes: 32 * GIB,
            cpus: 16,
            pool: "berth".into(),
            pool_bytes: 1024 * GIB,
            network: "berth".into(),
            boot_millis: 1_000,
            shutdown_millis: 500,
            move_millis: 1_000,
            call_timeout: Duration::from_secs(30),
            watch_period: Duration::from_millis(200),
        }
    }
}
