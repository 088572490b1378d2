//! What only the simulator does: limits, faults, guests that keep the contract, several processes.

mod moves;
pub mod world;

use std::{net::IpAddr, time::Duration};

use super::suite::{self, Bench, assert_refused, assert_unavailable, empty, guest_prepare};
use berth_hypervisor::{
    GuestPower, GuestSpec, Health, Hypervisor, SimulatorConfig, simulator::GuestFault,
};
use world::{World, seed, target};

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn memory_and_pool_cannot_be_oversold() {
    let world = World::new(SimulatorConfig {
        memory_bytes: 150 * MIB,
        pool_bytes: 20 * MIB,
        ..quick()
    });
    for count in 1..=3 {
        let guest = guest_prepare(&world).await;
        world.machine.guest_define(&guest.spec).await.unwrap();
        let started = world.machine.guest_start(guest.spec.id).await;
        if count == 3 {
            assert_refused(started)
        } else {
            started.unwrap()
        }
    }
    let state = world.machine.state().unwrap();
    assert_eq!(state.running().count(), 2);
    assert_eq!((state.peak_memory_bytes, state.peak_vcpus), (128 * MIB, 2));
    assert_refused(empty(&world, "berth-data-large", 3 * MIB).await);
    empty(&world, "berth-data-small", 2 * MIB).await.unwrap();
    assert_refused(
        world
            .machine
            .volume_grow("berth", "berth-data-small", 3 * MIB)
            .await,
    );
    assert_eq!(world.machine.state().unwrap().peak_pool_bytes, 20 * MIB);
}

#[tokio::test]
async fn foreign_guests_count() {
    let world = World::new(SimulatorConfig {
        memory_bytes: 100 * MIB,
        ..quick()
    });
    let foreign = suite::id();
    world
        .machine
        .guest_add_foreign(foreign, "theirs", 50 * MIB, 2)
        .unwrap();
    let facts = world.machine.guest_get(foreign).await.unwrap().unwrap();
    assert_eq!((facts.is_berths, facts.power), (false, GuestPower::On));
    let guest = guest_prepare(&world).await;
    world.machine.guest_define(&guest.spec).await.unwrap();
    assert_refused(world.machine.guest_start(guest.spec.id).await);
}

#[tokio::test]
async fn data_is_formatted_once_and_the_seed_is_kept() {
    let world = World::new(quick());
    let mut guest = guest_prepare(&world).await;
    let id = guest.spec.id;
    let data = guest.spec.data[0].volume.clone();
    world.seed_put(&mut guest.spec, &seed(id, 1)).await;
    world.machine.guest_define(&guest.spec).await.unwrap();
    world.machine.guest_start(id).await.unwrap();

    // Gone down before it was up: nothing was written.
    world.advance(500);
    world.machine.guest_power_off(id).await.unwrap();
    world.advance(5_000);
    assert_eq!(world.machine.state().unwrap().volumes[&data].data, None);

    world.machine.guest_start(id).await.unwrap();
    world.advance(999);
    assert!(matches!(world.probe(id).await, Health::Unreachable(_)));
    world.advance(1);
    assert_eq!(world.probe(id).await, Health::Healthy);
    let before = world.machine.state().unwrap().volumes[&data]
        .data
        .clone()
        .unwrap();
    assert_eq!(before.formats, 1);
    world.machine.guest_seed_eject(id).await.unwrap();

    // Another system disk and no seed: everything comes back from the data volume.
    world.machine.guest_power_off(id).await.unwrap();
    let fresh = format!("{}-again", guest.spec.system_volume);
    suite::overlay(&world, &fresh, &guest.image).await.unwrap();
    let rebuilt = GuestSpec {
        system_volume: fresh,
        seed_volume: None,
        ..guest.spec.clone()
    };
    world.machine.guest_define(&rebuilt).await.unwrap();
    world.machine.guest_start(id).await.unwrap();
    world.advance(1_000);
    assert_eq!(world.probe(id).await, Health::Healthy);
    let after = world.machine.state().unwrap().volumes[&data]
        .data
        .clone()
        .unwrap();
    assert_eq!(before, after);
    suite::guest_remove(&world, &guest).await;
}

#[tokio::test]
async fn a_guest_answers_as_its_seed_says() {
    let world = World::new(quick());
    let mut guest = guest_prepare(&world).await;
    let id = guest.spec.id;
    world.seed_put(&mut guest.spec, &seed(id, 1)).await;
    world.machine.guest_define(&guest.spec).await.unwrap();
    world.machine.guest_start(id).await.unwrap();
    world.advance(1_000);
    let machine = world.machine();
    let mut asked = target();
    asked.domain_name = "other.example".into();
    assert!(matches!(
        machine.guest_probe(id, &asked).await.unwrap(),
        Health::Unhealthy(_)
    ));
    let mut asked = target();
    asked.port = 1;
    assert!(matches!(
        machine.guest_probe(id, &asked).await.unwrap(),
        Health::Unreachable(_)
    ));
    let mut asked = target();
    asked.address = IpAddr::from([192, 0, 2, 1]);
    assert!(matches!(
        machine.guest_probe(id, &asked).await.unwrap(),
        Health::Unreachable(_)
    ));
    world.machine.guest_crash(id).unwrap();
    assert!(matches!(world.probe(id).await, Health::Unreachable(_)));
    let facts = machine.guest_get(id).await.unwrap().unwrap();
    assert_eq!(facts.power, GuestPower::Crashed);
    world.machine.guest_start(id).await.unwrap();
    world.machine.power_cut().unwrap();
    assert_eq!(
        machine.guest_get(id).await.unwrap().unwrap().power,
        GuestPower::Off
    );
}

#[tokio::test]
async fn guests_have_faults() {
    let world = World::new(quick());
    let mut guest = guest_prepare(&world).await;
    let id = guest.spec.id;
    world.seed_put(&mut guest.spec, &seed(id, 1)).await;
    world.machine.guest_define(&guest.spec).await.unwrap();
    let fault = |fault| {
        world
            .machine
            .fault_set(|faults| faults.every_guest = fault)
            .unwrap()
    };
    fault(Some(GuestFault::NeverHealthy));
    world.machine.guest_start(id).await.unwrap();
    world.advance(60_000);
    assert!(matches!(world.probe(id).await, Health::Unhealthy(_)));
    world.machine.guest_power_off(id).await.unwrap();

    fault(Some(GuestFault::CrashesAtBoot));
    world.machine.guest_start(id).await.unwrap();
    world.advance(500);
    let facts = world.machine.guest_get(id).await.unwrap().unwrap();
    assert_eq!(facts.power, GuestPower::Crashed);
    let console = world.machine.guest_console(id, "berth", 100).await.unwrap();
    assert!(console.contains("panic"), "{console}");

    fault(None);
    world.machine.guest_start(id).await.unwrap();
    world.advance(1_000);
    assert_eq!(world.probe(id).await, Health::Healthy);
}

#[tokio::test]
async fn calls_have_faults() {
    let world = World::new(quick());
    let machine = &world.machine;
    machine.fault_set(|faults| faults.fail_before = 1).unwrap();
    assert_unavailable(empty(&world, "berth-data-1", MIB).await);
    assert_eq!(
        machine.volume_get("berth", "berth-data-1").await.unwrap(),
        None
    );

    machine.fault_set(|faults| faults.fail_after = 1).unwrap();
    assert_unavailable(empty(&world, "berth-data-1", MIB).await);
    assert!(
        machine
            .volume_get("berth", "berth-data-1")
            .await
            .unwrap()
            .is_some()
    );

    machine.fault_set(|faults| faults.no_space = true).unwrap();
    assert_refused(empty(&world, "berth-data-2", MIB).await);
    machine.fault_set(|faults| faults.no_space = false).unwrap();

    machine
        .fault_set(|faults| faults.unreachable = true)
        .unwrap();
    assert_unavailable(machine.guest_list().await);
    assert!(matches!(
        world.probe(suite::id()).await,
        Health::Unreachable(_)
    ));
    machine
        .fault_set(|faults| *faults = Default::default())
        .unwrap();

    // Slow is late, slower than the limit is never: and then it wasn't done.
    machine.fault_set(|faults| faults.slow_millis = 20).unwrap();
    machine
        .volume_delete("berth", "berth-data-1")
        .await
        .unwrap();
    machine
        .fault_set(|faults| faults.slow_millis = 60_000)
        .unwrap();
    assert_unavailable(empty(&world, "berth-data-3", MIB).await);
    machine
        .fault_set(|faults| (faults.slow_millis, faults.hangs) = (0, true))
        .unwrap();
    assert_unavailable(machine.machine_facts().await);
    machine.fault_set(|faults| faults.hangs = false).unwrap();
    assert_eq!(machine.volume_list("berth").await.unwrap(), []);
}

#[tokio::test]
async fn several_see_one_machine() {
    let world = World::new(quick());
    let other = world.open_again();
    let mut events = other.events();
    suite::guests::event_wait(&mut events, None).await;
    let guest = guest_prepare(&world).await;
    world.machine.guest_define(&guest.spec).await.unwrap();
    suite::guests::event_wait(&mut events, Some(guest.spec.id)).await;
    other.guest_start(guest.spec.id).await.unwrap();
    suite::guests::event_wait(&mut events, Some(guest.spec.id)).await;
    assert_eq!(world.machine.state().unwrap(), other.state().unwrap());

    // Back in reach: everything must be looked at.
    world
        .machine
        .fault_set(|faults| faults.unreachable = true)
        .unwrap();
    suite::guests::event_wait(&mut events, None).await;
    world
        .machine
        .fault_set(|faults| faults.unreachable = false)
        .unwrap();
    suite::guests::event_wait(&mut events, None).await;
}

/// The life of guests, again and again: by itself a test of it, and the process that the next test
/// kills.
#[tokio::test]
async fn guests_come_and_go() {
    let rounds = if world::child_folder().is_some() {
        usize::MAX
    } else {
        5
    };
    let world = world::child_folder().map_or_else(|| World::new(quick()), World::at);
    for _ in 0..rounds {
        let guest = guest_prepare(&world).await;
        world.machine.guest_define(&guest.spec).await.unwrap();
        world.machine.guest_start(guest.spec.id).await.unwrap();
        world.machine.guest_power_off(guest.spec.id).await.unwrap();
        suite::guest_remove(&world, &guest).await;
    }
    assert_eq!(world.machine.state().unwrap().volumes.len(), 0);
}

#[tokio::test]
async fn a_killed_process_harms_nothing() {
    let world = World::new(quick());
    for round in 0..12 {
        let mut child = world::child(&world, "simulator::guests_come_and_go");
        // Wherever it then is: it changes the file several hundred times a second.
        world.changes_wait(20 + 7 * round);
        child.kill().unwrap();
        child.wait().unwrap();
        let state = world
            .machine
            .state()
            .expect("the file is whole and nobody holds its lock");
        assert!(state.peak_memory_bytes >= 64 * MIB);
        for guest in state.guests.values() {
            assert!(state.volumes.contains_key(&guest.system_volume) || !guest.power.is_on());
        }
        for id in state.guests.keys() {
            world.machine.guest_undefine(*id).await.unwrap();
        }
        for name in state.volumes.keys() {
            world.machine.volume_delete("berth", name).await.unwrap();
        }
    }
    assert_eq!(world.machine.state().unwrap().guests.len(), 0);
}

fn quick() -> SimulatorConfig {
    SimulatorConfig {
        call_timeout: Duration::from_millis(50),
        watch_period: Duration::from_millis(5),
        ..Default::default()
    }
}
