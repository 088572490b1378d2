//! What every machine must do, real or simulated: the contract of [`Hypervisor`].

pub mod guests;
pub mod image;
pub mod moves;
pub mod volumes;

use std::sync::Arc;

use async_trait::async_trait;
use berth_hypervisor::{
    Disk, GuestNetwork, GuestPower, GuestSpec, Hypervisor, VolumeSource, VolumeSpec,
};
use berth_model::{ErrorCode, GuestType, Ids, Result, SystemClock};
use uuid::Uuid;

/// A machine under test.
#[async_trait]
pub trait Bench: Send + Sync {
    /// The machine.
    fn machine(&self) -> &dyn Hypervisor;

    /// Its pool.
    fn pool(&self) -> &str;

    /// Its network.
    fn network(&self) -> &str;

    /// Lets a little time go by, so that guests get on.
    async fn time_passes(&self);

    /// Lets others work, and simulated time go by, before the next look.
    async fn glance(&self) {
        tokio::task::yield_now().await;
    }
}

/// Two machines that guests move between.
pub struct Pair {
    /// Where they are.
    pub from: Box<dyn Bench>,
    /// Where they move to.
    pub to: Box<dyn Bench>,
    /// The first one's address.
    pub from_uri: String,
    /// The second one's address.
    pub to_uri: String,
    /// An address at which no machine is.
    pub nobody: String,
}

/// A guest of one test, with names of its own.
pub struct Guest {
    pub spec: GuestSpec,
    pub image: String,
}

/// The size of a guest's data volume.
pub const DATA_BYTES: u64 = 4 << 20;

/// An id that no other test has.
pub fn id() -> Uuid {
    Ids::new(Arc::new(SystemClock)).uuid()
}

/// The digits at the end of an id, for names.
pub fn digits(id: Uuid) -> String {
    id.simple().to_string().split_off(20)
}

/// Uploads the test image, and makes an overlay and a data volume for a guest that isn't defined.
pub async fn guest_prepare(bench: &dyn Bench) -> Guest {
    let id = id();
    let end = digits(id);
    let image = format!("berth-image-{end}");
    let system = format!("berth-system-{end}-1");
    let data = format!("berth-data-{end}");
    image_put(bench, &image).await;
    overlay(bench, &system, &image).await.unwrap();
    empty(bench, &data, DATA_BYTES).await.unwrap();
    let spec = GuestSpec {
        id,
        name: format!("berth-{end}"),
        guest_type: GuestType::Qemu,
        memory_bytes: 64 << 20,
        vcpus: 1,
        pool: bench.pool().to_owned(),
        system_volume: system,
        data: vec![Disk {
            volume: data,
            serial: format!("00000000{end}"),
        }],
        seed_volume: None,
        network: GuestNetwork {
            name: bench.network().to_owned(),
            mac: mac(&end),
        },
    };
    Guest { spec, image }
}

/// Uploads the test image.
pub async fn image_put(bench: &dyn Bench, name: &str) {
    let (machine, pool) = (bench.machine(), bench.pool());
    let file = image::file();
    let spec = VolumeSpec {
        name: name.to_owned(),
        bytes: image::VIRTUAL_BYTES,
        source: VolumeSource::Qcow2Upload,
    };
    machine.volume_create(pool, &spec).await.unwrap();
    machine
        .volume_upload(pool, name, file.path())
        .await
        .unwrap();
}

fn mac(end: &str) -> String {
    format!("52:54:00:{}:{}:{}", &end[6..8], &end[8..10], &end[10..12])
}

/// Removes a guest and everything of it.
pub async fn guest_remove(bench: &dyn Bench, guest: &Guest) {
    let machine = bench.machine();
    machine.guest_undefine(guest.spec.id).await.unwrap();
    let seed = guest.spec.seed_volume.as_deref();
    for name in guest
        .spec
        .volumes()
        .chain([guest.image.as_str()])
        .chain(seed)
    {
        machine.volume_delete(bench.pool(), name).await.unwrap();
    }
}

/// Makes an overlay of the test image's size.
pub async fn overlay(bench: &dyn Bench, name: &str, base: &str) -> Result<()> {
    let source = VolumeSource::OverlayOn(base.to_owned());
    let spec = VolumeSpec {
        name: name.to_owned(),
        bytes: image::VIRTUAL_BYTES,
        source,
    };
    bench.machine().volume_create(bench.pool(), &spec).await
}

/// Makes an empty volume.
pub async fn empty(bench: &dyn Bench, name: &str, bytes: u64) -> Result<()> {
    let spec = VolumeSpec {
        name: name.to_owned(),
        bytes,
        source: VolumeSource::Empty,
    };
    bench.machine().volume_create(bench.pool(), &spec).await
}

/// Waits until a guest is on or off.
pub async fn power_wait(bench: &dyn Bench, id: Uuid, wanted: GuestPower) {
    for _ in 0..1200 {
        let guest = bench
            .machine()
            .guest_get(id)
            .await
            .unwrap()
            .expect("it is defined");
        if guest.power == wanted {
            return;
        }
        bench.time_passes().await;
    }
    panic!("the guest did not get {wanted:?}");
}

/// Waits until a guest's console contains a text.
pub async fn console_wait(bench: &dyn Bench, id: Uuid, wanted: &str) -> String {
    for _ in 0..1200 {
        let text = bench
            .machine()
            .guest_console(id, bench.pool(), 4096)
            .await
            .unwrap();
        if text.contains(wanted) {
            return text;
        }
        bench.time_passes().await;
    }
    panic!("{wanted:?} did not come on the console");
}

/// The machine could not be asked.
#[track_caller]
pub fn assert_unavailable<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.expect_err("it can't answer");
    assert_eq!(
        error.code(),
        ErrorCode::MachineUnavailable,
        "{error} ({})",
        error.cause_text()
    );
}

/// The call was refused: not made, and not worth repeating.
#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.expect_err("it must be refused");
    assert_eq!(
        error.code(),
        ErrorCode::MachineRefused,
        "{error} ({})",
        error.cause_text()
    );
}
