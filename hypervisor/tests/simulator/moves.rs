//! Moves with the faults that only simulated machines have.

use std::{future::Future, sync::Arc};

use berth_hypervisor::{
    GuestPower, Health, Hypervisor, SimulatedMachine, SimulatorConfig, VolumeSpec,
    simulator::Faults,
};
use berth_model::Result;
use uuid::Uuid;

use super::{
    MIB, quick,
    world::{self, World, pair, seed},
};
use crate::suite::{self, Guest, Pair, assert_refused, assert_unavailable, guest_prepare, image};

/// Two machines, a guest that runs on the first, and the same two as only a simulation knows them.
struct Stage {
    pair: Pair,
    here: SimulatedMachine,
    there: Arc<SimulatedMachine>,
    guest: Guest,
}

impl Stage {
    async fn new(config: SimulatorConfig) -> Self {
        let world = World::new(config);
        let (here, there) = (world.open_again(), Arc::new(world.neighbour("m2").machine));
        let pair = pair(world);
        let guest = pair.guest_run().await;
        pair.twins_make(&guest).await;
        Self {
            pair,
            here,
            there,
            guest,
        }
    }

    fn id(&self) -> Uuid {
        self.guest.spec.id
    }

    /// A move that nobody looks at: looks would take the faults that are meant for it.
    async fn moved(&self) -> Result<()> {
        let target = self.pair.target();
        tokio::select! {
            moved = self.pair.here().guest_move(self.id(), &target) => moved,
            () = glances(&self.pair) => unreachable!("it looks for ever"),
        }
    }

    /// A move, with something that happens in the middle of it.
    async fn moved_while(&self, happens: impl Future<Output = ()>) -> Result<()> {
        let target = self.pair.target();
        let look = async {
            self.pair.move_seen(self.id()).await;
            happens.await;
            glances(&self.pair).await;
        };
        tokio::select! {
            moved = self.pair.here().guest_move(self.id(), &target) => moved,
            () = look => unreachable!("it looks for ever"),
        }
    }

    async fn powers(&self) -> (Option<GuestPower>, Option<GuestPower>) {
        let there = self.pair.power(&*self.pair.to, self.id()).await;
        (self.pair.power(&*self.pair.from, self.id()).await, there)
    }
}

async fn glances(pair: &Pair) {
    loop {
        pair.from.glance().await;
    }
}

fn mend(faults: &mut Faults) {
    *faults = Faults::default();
}

#[tokio::test]
async fn a_lost_answer_is_found_out() {
    for at_the_target in [false, true] {
        let stage = Stage::new(quick()).await;
        let lossy = if at_the_target {
            &stage.there
        } else {
            &stage.here
        };
        lossy.fault_set(|faults| faults.fail_after = 1).unwrap();
        assert_unavailable(stage.moved().await);
        assert_eq!(stage.powers().await, (None, Some(GuestPower::On)));
        let target = stage.pair.target();
        stage.here.guest_move(stage.id(), &target).await.unwrap();
        // Refused is refused, whether or not one hears of it.
        lossy.fault_set(|faults| faults.fail_after = 1).unwrap();
        let nothing = stage.here.guest_move(suite::id(), &target).await;
        assert_unavailable(nothing);
    }
}

#[tokio::test]
async fn nothing_moves_from_or_to_a_broken_machine() {
    let stage = Stage::new(quick()).await;
    let target = stage.pair.target();
    for machine in [&stage.here, &*stage.there] {
        for fault in [
            (|faults| faults.unreachable = true) as fn(&mut Faults),
            |faults| faults.hangs = true,
            |faults| faults.fail_before = 1,
            |faults| faults.slow_millis = 60_000,
        ] {
            machine.fault_set(fault).unwrap();
            assert_unavailable(stage.here.guest_move(stage.id(), &target).await);
            machine.fault_set(mend).unwrap();
            stage.pair.assert_stayed(stage.id()).await;
        }
    }
}

#[tokio::test]
async fn a_machine_that_is_lost_on_the_way_ends_the_move() {
    let stage = Stage::new(quick()).await;
    for machine in [&stage.here, &*stage.there] {
        for fault in [
            (|faults| faults.unreachable = true) as fn(&mut Faults),
            |faults| faults.hangs = true,
        ] {
            let moved = stage.moved_while(async { machine.fault_set(fault).unwrap() });
            assert_unavailable(moved.await);
            machine.fault_set(mend).unwrap();
            stage.pair.stay_wait(stage.id()).await;
        }
    }
    let moved = stage.moved_while(async { stage.there.power_cut().unwrap() });
    assert_refused(moved.await);
    stage.pair.stay_wait(stage.id()).await;
    let moved = stage.moved_while(async { stage.here.power_cut().unwrap() });
    assert_refused(moved.await);
    assert_eq!(stage.powers().await, (Some(GuestPower::Off), None));
}

#[tokio::test]
async fn what_a_guest_wrote_goes_with_it() {
    let world = World::new(quick());
    let there = world.neighbour("m2");
    let mut guest = guest_prepare(&world).await;
    let (id, data) = (guest.spec.id, guest.spec.data[0].volume.clone());
    world.seed_put(&mut guest.spec, &seed(id, 1)).await;
    world.machine.guest_define(&guest.spec).await.unwrap();
    world.machine.guest_start(id).await.unwrap();
    world.advance(1_000);
    world.machine.guest_seed_eject(id).await.unwrap();
    let before = world.machine.state().unwrap().volumes[&data].data.clone();
    let started = world.machine.state().unwrap().guests[&id].starts;

    let pair = pair(world);
    pair.twins_make(&guest).await;
    let target = pair.target();
    tokio::select! {
        moved = pair.here().guest_move(id, &target) => moved.unwrap(),
        () = glances(&pair) => {}
    }
    assert_eq!(there.probe(id).await, Health::Healthy);
    let after = there.machine.state().unwrap();
    assert!(before.is_some() && after.volumes[&data].data == before);
    assert_eq!(after.guests[&id].starts, started);
    pair.clean(&guest).await;
}

#[tokio::test]
async fn a_guest_needs_room_and_its_image() {
    let stage = Stage::new(SimulatorConfig {
        memory_bytes: 100 * MIB,
        ..quick()
    })
    .await;
    let (id, target) = (stage.id(), stage.pair.target());
    let theirs = suite::id();
    let there = &stage.there;
    there
        .guest_add_foreign(theirs, "theirs", 50 * MIB, 1)
        .unwrap();
    assert_refused(stage.here.guest_move(id, &target).await);
    assert_refused(there.guest_move(theirs, &target).await);
    there.guest_undefine(theirs).await.unwrap();

    // An image of the same name and size with something else in it: real machines would take it.
    let (system, image) = (&stage.guest.spec.system_volume, &stage.guest.image);
    there.volume_delete("berth", system).await.unwrap();
    there.volume_delete("berth", image).await.unwrap();
    let spec = VolumeSpec {
        name: image.clone(),
        bytes: image::VIRTUAL_BYTES,
        source: berth_hypervisor::VolumeSource::Qcow2Upload,
    };
    there.volume_create("berth", &spec).await.unwrap();
    suite::overlay(&*stage.pair.to, system, image)
        .await
        .unwrap();
    assert_refused(stage.here.guest_move(id, &target).await);
    stage.pair.assert_stayed(id).await;
    assert!(there.state().unwrap().peak_memory_bytes <= 100 * MIB);
}

/// To and fro, again and again: by itself a test of it, and the process that the next test kills.
#[tokio::test]
async fn guests_go_to_and_fro() {
    let child = world::child_folder();
    let rounds = if child.is_some() { usize::MAX } else { 5 };
    let config = SimulatorConfig {
        move_millis: 0,
        ..quick()
    };
    let world = match child {
        Some(folder) => World::at(folder),
        None => World::new(config),
    };
    let id = world.machine.state().unwrap().guests.keys().next().copied();
    let back = world.neighbour("m2");
    let pair = pair(world);
    let id = match id {
        Some(id) => id,
        None => {
            let guest = pair.guest_run().await;
            pair.twins_make(&guest).await;
            guest.spec.id
        }
    };
    let (there, mut here) = (pair.target(), pair.target());
    here.uri.clone_from(&pair.from_uri);
    for _ in 0..rounds {
        pair.here().guest_move(id, &there).await.unwrap();
        back.machine.guest_move(id, &here).await.unwrap();
    }
    assert_eq!(pair.power(&*pair.from, id).await, Some(GuestPower::On));
}

#[tokio::test]
async fn a_killed_mover_leaves_one_guest() {
    let world = World::new(SimulatorConfig {
        move_millis: 0,
        ..quick()
    });
    let (here, there) = (world.open_again(), world.neighbour("m2"));
    let guest = guest_prepare(&world).await;
    let id = guest.spec.id;
    suite::image_put(&there, &guest.image).await;
    let (system, data) = (&guest.spec.system_volume, &guest.spec.data[0].volume);
    suite::overlay(&there, system, &guest.image).await.unwrap();
    suite::empty(&there, data, suite::DATA_BYTES).await.unwrap();
    let there = there.machine;
    world.machine.guest_define(&guest.spec).await.unwrap();
    world.machine.guest_start(id).await.unwrap();
    let back = suite::moves::target("sim:m1", "berth");
    for round in 0..12 {
        let mut child = world::child(&world, "simulator::moves::guests_go_to_and_fro");
        world.changes_wait(5 + 3 * round);
        child.kill().unwrap();
        child.wait().unwrap();
        let on = |machine: &SimulatedMachine| {
            let state = machine.state().unwrap();
            let guests = state.guests.get(&id).map(|guest| guest.power.is_on());
            (guests == Some(true), state.guests.len())
        };
        let (is_here, is_there) = (on(&here), on(&there));
        assert_ne!(is_here.0, is_there.0, "it is on on one of the two");
        assert_eq!(is_here.1 + is_there.1, 1, "it is known to one of the two");
        if is_there.0 {
            there.guest_move(id, &back).await.unwrap();
        }
    }
    let state = here.state().unwrap();
    assert_eq!(state.guests[&id].starts, 1);
}
