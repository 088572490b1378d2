//! What things are called on machines. Each name is derived from an id, so that what a worker made
//! before it died is found again, and nothing of another name is ever touched.

use berth_model::{ImageId, VirtualMachineId, VolumeId};

/// An image's volume.
#[must_use]
pub fn image_volume(id: ImageId) -> String {
    format!("berth-image-{}", id.0.simple())
}

/// A system disk's volume; a higher revision replaces it.
#[must_use]
pub fn system_volume(vm: VirtualMachineId, revision: i32) -> String {
    format!("{}{revision}", system_prefix(vm))
}

/// What all system disks of a virtual machine begin with.
#[must_use]
pub fn system_prefix(vm: VirtualMachineId) -> String {
    format!("berth-system-{}-", vm.0.simple())
}

/// A data volume.
#[must_use]
pub fn data_volume(id: VolumeId) -> String {
    format!("berth-data-{}", id.0.simple())
}

/// A seed's volume.
#[must_use]
pub fn seed_volume(vm: VirtualMachineId, revision: i64) -> String {
    format!("{}{revision}", seed_prefix(vm))
}

/// What all seeds of a virtual machine begin with.
#[must_use]
pub fn seed_prefix(vm: VirtualMachineId) -> String {
    format!("berth-seed-{}-", vm.0.simple())
}

/// What is made for a moment to see whether the virtual machine's two machines share a pool.
#[must_use]
pub fn move_probe(vm: VirtualMachineId) -> String {
    format!("berth-move-{}", vm.0.simple())
}

/// A guest.
#[must_use]
pub fn guest(vm: VirtualMachineId) -> String {
    format!("berth-{}", tail(&vm.0.simple().to_string(), 12))
}

/// A guest's own host name.
#[must_use]
pub fn hostname(vm: VirtualMachineId) -> String {
    format!("vm-{}", tail(&vm.0.simple().to_string(), 12))
}

/// What a guest finds a data volume by: the last 20 digits of its id, which is what virtio-blk has
/// room for.
#[must_use]
pub fn data_serial(id: VolumeId) -> String {
    tail(&id.0.simple().to_string(), 20).to_owned()
}

/// Whether a volume is reserved for: a guest's disks and seeds, not images.
#[must_use]
pub fn is_reserved(volume: &str) -> bool {
    ["berth-system-", "berth-data-", "berth-seed-"]
        .iter()
        .any(|prefix| volume.starts_with(prefix))
}

fn tail(text: &str, length: usize) -> &str {
    &text[text.len() - length..]
}
