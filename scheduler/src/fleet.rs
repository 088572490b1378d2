//! What every step of every operation needs.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use berth_model::{Clock, ImageId, MachineId, OperationId, Timestamp, VirtualMachineId};
use berth_store::Store;

use crate::{FleetConfig, Machines, decider::Snapshots};

/// Held over an upload.
type UploadLock = Arc<tokio::sync::Mutex<()>>;

/// The fleet, as a worker has it in its hands.
pub struct Fleet {
    pub(crate) store: Store,
    pub(crate) machines: Arc<Machines>,
    pub(crate) config: FleetConfig,
    pub(crate) clock: Arc<dyn Clock>,
    memory: Mutex<HashMap<VirtualMachineId, Remembered>>,
    uploads: Mutex<HashMap<(MachineId, ImageId), UploadLock>>,
    pub(crate) snapshots: Snapshots,
}

/// What a worker remembers of a virtual machine between two looks of one operation. Lost with the
/// worker it costs a second grace time, no more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remembered {
    operation: OperationId,
    /// When the power button was pressed.
    pub(crate) shutdown_at: Option<Timestamp>,
    /// How often it was started again after it went off by itself.
    pub(crate) restarts: u32,
    /// Whether it was tried to remove what a move had left behind.
    pub(crate) rest_was_tried: bool,
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Fleet {
    /// Binds the parts together.
    #[must_use]
    pub fn new(
        store: Store,
        machines: Arc<Machines>,
        config: FleetConfig,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (memory, uploads) = (Mutex::default(), Mutex::default());
        Self {
            store,
            machines,
            config,
            clock,
            memory,
            uploads,
            snapshots: Snapshots::default(),
        }
    }

    /// What is remembered for this operation; what an earlier one left is forgotten.
    pub(crate) fn remember<T>(
        &self,
        vm: VirtualMachineId,
        operation: OperationId,
        change: impl FnOnce(&mut Remembered) -> T,
    ) -> T {
        let fresh = Remembered {
            operation,
            shutdown_at: None,
            restarts: 0,
            rest_was_tried: false,
        };
        let mut memory = lock(&self.memory);
        let remembered = memory.entry(vm).or_insert(fresh);
        if remembered.operation != operation {
            *remembered = fresh;
        }
        change(remembered)
    }

    pub(crate) fn forget(&self, vm: VirtualMachineId) {
        lock(&self.memory).remove(&vm);
    }

    /// One upload of an image to a machine at a time in this process. Two processes may upload at
    /// once: they write the same bytes, and each reads all of them back.
    pub(crate) fn upload_lock(&self, machine: MachineId, image: ImageId) -> UploadLock {
        lock(&self.uploads)
            .entry((machine, image))
            .or_default()
            .clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
