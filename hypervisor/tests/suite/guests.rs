//! Guests.

use berth_hypervisor::{GuestEvent, GuestPower, GuestSpec};
use berth_model::Sha256;
use sha2::Digest;
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use super::{
    Bench, assert_refused, console_wait, digits, empty, guest_prepare, guest_remove, id, image,
    overlay, power_wait,
};

pub async fn a_guest_is_defined(bench: &dyn Bench) {
    let machine = bench.machine();
    let guest = guest_prepare(bench).await;
    let id = guest.spec.id;
    assert_eq!(machine.guest_get(id).await.unwrap(), None);
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_define(&guest.spec).await.unwrap();
    let facts = machine.guest_get(id).await.unwrap().unwrap();
    assert_eq!(facts.name, guest.spec.name);
    assert_eq!((facts.is_berths, facts.power), (true, GuestPower::Off));
    assert_eq!((facts.memory_bytes, facts.vcpus), (64 << 20, 1));
    assert_eq!(facts.volumes, guest.spec.volumes().collect::<Vec<_>>());
    assert_eq!(facts.seed_volume, None);
    assert!(machine.guest_list().await.unwrap().contains(&facts));

    // One that is off takes changes.
    let larger = GuestSpec {
        memory_bytes: 96 << 20,
        vcpus: 2,
        ..guest.spec.clone()
    };
    machine.guest_define(&larger).await.unwrap();
    let facts = machine.guest_get(id).await.unwrap().unwrap();
    assert_eq!((facts.memory_bytes, facts.vcpus), (96 << 20, 2));

    // Its name can't be taken by another.
    let taken = GuestSpec {
        id: super::id(),
        ..guest.spec.clone()
    };
    assert_refused(machine.guest_define(&taken).await);
    let elsewhere = GuestSpec {
        id: super::id(),
        pool: "no-such-pool".into(),
        ..guest.spec.clone()
    };
    assert_refused(machine.guest_define(&elsewhere).await);

    machine.guest_undefine(id).await.unwrap();
    machine.guest_undefine(id).await.unwrap();
    assert_eq!(machine.guest_get(id).await.unwrap(), None);
    for name in guest.spec.volumes() {
        assert!(
            machine
                .volume_get(bench.pool(), name)
                .await
                .unwrap()
                .is_some(),
            "{name} stays"
        );
    }
    guest_remove(bench, &guest).await;
}

pub async fn a_guest_runs(bench: &dyn Bench) {
    let machine = bench.machine();
    let guest = guest_prepare(bench).await;
    let id = guest.spec.id;
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_start(id).await.unwrap();
    machine.guest_start(id).await.unwrap();
    power_wait(bench, id, GuestPower::On).await;

    // Defining it again as it is changes nothing; as something else it is refused.
    machine.guest_define(&guest.spec).await.unwrap();
    assert_refused(
        machine
            .guest_define(&GuestSpec {
                vcpus: 2,
                ..guest.spec.clone()
            })
            .await,
    );
    for name in guest.spec.volumes() {
        assert_refused(machine.volume_delete(bench.pool(), name).await);
        assert_refused(machine.volume_grow(bench.pool(), name, 8 << 20).await);
    }
    let text = console_wait(bench, id, image::GREETING).await;
    let tail = machine.guest_console(id, bench.pool(), 5).await.unwrap();
    assert!(
        text.ends_with(&tail) && tail.len() == 5,
        "{tail:?} is the end of {text:?}"
    );

    machine.guest_shutdown(id).await.unwrap();
    power_wait(bench, id, GuestPower::Off).await;
    machine.guest_shutdown(id).await.unwrap();
    machine.guest_start(id).await.unwrap();
    power_wait(bench, id, GuestPower::On).await;
    machine.guest_power_off(id).await.unwrap();
    machine.guest_power_off(id).await.unwrap();
    power_wait(bench, id, GuestPower::Off).await;

    machine.guest_start(id).await.unwrap();
    machine.guest_undefine(id).await.unwrap();
    assert_eq!(machine.guest_get(id).await.unwrap(), None);
    assert_eq!(
        machine.guest_console(id, bench.pool(), 5).await.unwrap(),
        ""
    );
    guest_remove(bench, &guest).await;
}

pub async fn a_console_is_no_volume(bench: &dyn Bench) {
    let machine = bench.machine();
    let guest = guest_prepare(bench).await;
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_start(guest.spec.id).await.unwrap();
    console_wait(bench, guest.spec.id, image::GREETING).await;
    let list = machine.volume_list(bench.pool()).await.unwrap();
    let id = guest.spec.id.to_string();
    assert!(
        list.iter().all(|volume| !volume.name.contains(&id)),
        "{list:?}"
    );
    assert!(
        guest
            .spec
            .volumes()
            .all(|name| list.iter().any(|volume| volume.name == name))
    );
    guest_remove(bench, &guest).await;
}

pub async fn a_seed_is_ejected(bench: &dyn Bench) {
    let (machine, pool) = (bench.machine(), bench.pool());
    let mut guest = guest_prepare(bench).await;
    let id = guest.spec.id;
    let seed = format!("berth-seed-{}-1", digits(id));
    empty(bench, &seed, 1 << 20).await.unwrap();
    guest.spec.seed_volume = Some(seed.clone());
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_start(id).await.unwrap();
    assert_refused(machine.volume_delete(pool, &seed).await);
    for _ in 0..2 {
        machine.guest_seed_eject(id).await.unwrap();
        let facts = machine.guest_get(id).await.unwrap().unwrap();
        assert_eq!((facts.seed_volume, facts.power), (None, GuestPower::On));
    }
    // A step that runs again after the seed is gone finds the guest as it wants it.
    machine.guest_define(&guest.spec).await.unwrap();
    machine.volume_delete(pool, &seed).await.unwrap();

    // It stays out at the next start, and can be taken out of a guest that is off.
    machine.guest_power_off(id).await.unwrap();
    machine.guest_start(id).await.unwrap();
    assert_eq!(
        machine.guest_get(id).await.unwrap().unwrap().seed_volume,
        None
    );
    machine.guest_power_off(id).await.unwrap();
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_seed_eject(id).await.unwrap();
    assert_eq!(
        machine.guest_get(id).await.unwrap().unwrap().seed_volume,
        None
    );

    // A seed whose volume is gone keeps no guest from starting.
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_start(id).await.unwrap();
    power_wait(bench, id, GuestPower::On).await;
    guest_remove(bench, &guest).await;
}

pub async fn a_system_disk_is_replaced(bench: &dyn Bench) {
    let (machine, pool) = (bench.machine(), bench.pool());
    let guest = guest_prepare(bench).await;
    let id = guest.spec.id;
    let bytes = vec![7; 100_000];
    let data = &guest.spec.data[0].volume;
    machine
        .volume_upload(pool, data, image::file_of(&bytes).path())
        .await
        .unwrap();
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_start(id).await.unwrap();
    console_wait(bench, id, image::GREETING).await;
    machine.guest_power_off(id).await.unwrap();

    let fresh = format!("berth-system-{}-2", digits(id));
    overlay(bench, &fresh, &guest.image).await.unwrap();
    let rebuilt = GuestSpec {
        system_volume: fresh.clone(),
        ..guest.spec.clone()
    };
    machine.guest_define(&rebuilt).await.unwrap();
    machine
        .volume_delete(pool, &guest.spec.system_volume)
        .await
        .unwrap();
    machine.guest_start(id).await.unwrap();
    console_wait(bench, id, image::GREETING).await;
    assert_eq!(
        machine.guest_get(id).await.unwrap().unwrap().volumes[0],
        fresh
    );
    machine.guest_power_off(id).await.unwrap();
    let digest = machine.volume_digest(pool, data, 100_000).await.unwrap();
    assert_eq!(digest, Sha256(sha2::Sha256::digest(&bytes).into()));
    machine.guest_undefine(id).await.unwrap();
    machine.volume_delete(pool, &fresh).await.unwrap();
    guest_remove(bench, &guest).await;
}

pub async fn what_is_not_there_is_refused_or_fine(bench: &dyn Bench) {
    let (machine, none) = (bench.machine(), id());
    machine.guest_power_off(none).await.unwrap();
    machine.guest_undefine(none).await.unwrap();
    assert_refused(machine.guest_start(none).await);
    assert_refused(machine.guest_shutdown(none).await);
    assert_refused(machine.guest_seed_eject(none).await);

    // A guest doesn't start without its volumes.
    let guest = guest_prepare(bench).await;
    machine.guest_define(&guest.spec).await.unwrap();
    let data = &guest.spec.data[0].volume;
    machine.volume_delete(bench.pool(), data).await.unwrap();
    assert_refused(machine.guest_start(guest.spec.id).await);
    let facts = machine.guest_get(guest.spec.id).await.unwrap().unwrap();
    assert_eq!(facts.power, GuestPower::Off);
    guest_remove(bench, &guest).await;
}

pub async fn events_arrive(bench: &dyn Bench) {
    let machine = bench.machine();
    let mut events = machine.events();
    let guest = guest_prepare(bench).await;
    let id = guest.spec.id;
    // The first event says that the subscription stands.
    event_wait(&mut events, None).await;
    machine.guest_define(&guest.spec).await.unwrap();
    machine.guest_start(id).await.unwrap();
    event_wait(&mut events, Some(id)).await;
    machine.guest_power_off(id).await.unwrap();
    event_wait(&mut events, Some(id)).await;
    guest_remove(bench, &guest).await;
}

/// Waits for an event of a guest.
pub async fn event_wait(events: &mut broadcast::Receiver<GuestEvent>, id: Option<Uuid>) {
    let wait = async {
        loop {
            match events.recv().await {
                Ok(event) if event.id == id => return,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => panic!("events ended"),
            }
        }
    };
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, wait)
        .await
        .expect("the event did not come");
}
