//! Moves in which something fails: workers, answers, machines, guests.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use berth_hypervisor::Hypervisor;
use berth_model::{DeploymentId, FleetMoveState, OperationKind};
use berth_operations::{Boundary, NoBoundary, Point};
use chrono::TimeDelta;

use crate::world::World;

/// Stands still, or breaks something, once at its point.
struct At<F> {
    point: Point<'static>,
    was_there: AtomicBool,
    then: Mutex<F>,
}

impl<F: FnMut() + Send + 'static> Boundary for At<F> {
    fn at(&self, kind: OperationKind, point: Point<'_>) {
        let is_here = kind == OperationKind::DeploymentMove && point == self.point;
        if is_here && !self.was_there.swap(true, Ordering::SeqCst) {
            tokio::task::block_in_place(|| (self.then.lock().unwrap())());
        }
    }
}

pub fn at<F: FnMut() + Send + 'static>(point: Point<'static>, then: F) -> Arc<dyn Boundary> {
    Arc::new(At {
        point,
        was_there: AtomicBool::new(false),
        then: Mutex::new(then),
    })
}

const STEPS: [&str; 4] = ["place", "prepare", "move", "clean"];

fn points() -> Vec<Point<'static>> {
    let both = |step: &&'static str| [Point::Before(step), Point::After(step)];
    STEPS.iter().flat_map(both).chain([Point::Ending]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_loses_its_lease_anywhere_changes_nothing_more() {
    for point in points() {
        let mut world = World::new().await;
        let id = world.running(&world.catalogue.small, "one").await;
        let (to, note) = (world.other_than(id).await, world.data_note(id).await);
        world.workers_stop().await;
        let (frozen, mut is_frozen) = tokio::sync::mpsc::unbounded_channel();
        let (thaw, thawed) = std::sync::mpsc::channel::<()>();
        let freeze = at(point, move || {
            frozen.send(()).unwrap();
            thawed.recv_timeout(crate::world::PATIENCE).unwrap();
        });
        world.work("first", 2, freeze);
        let plan = world.moves_ask(&[&[(id, to)]]).await;
        is_frozen.recv().await.unwrap();
        world.clock.advance(TimeDelta::seconds(601));
        world.work("second", 2, Arc::new(NoBoundary));
        world.succeeds(plan.id).await;
        thaw.send(()).unwrap();
        world.workers_stop().await;
        assert_eq!(world.runs_on(id).await, [to], "{point:?}");
        assert_eq!(world.data_note(id).await, note, "{point:?}");
        world.counts().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_anywhere_leaves_one_guest_with_its_data() {
    for number in [0, 1] {
        for lost in 1..=4 {
            let world = World::new().await;
            let id = world.running(&world.catalogue.small, "one").await;
            let (to, note) = (world.other_than(id).await, world.data_note(id).await);
            world.fault(number, |faults| faults.fail_after = lost);
            let plan = world.moves_ask(&[&[(id, to)]]).await;
            world.succeeds(plan.id).await;
            world.fault(number, |faults| faults.fail_after = 0);
            settled(&world, id).await;
            let at = world.number_of(id).await;
            assert_eq!(world.runs_on(id).await, [at], "{number} {lost}");
            assert_eq!(world.data_note(id).await, note, "{number} {lost}");
            world.counts().await;
        }
    }
}

/// Lets the reconciler finish what was left, as it does after a while.
async fn settled(world: &World, id: DeploymentId) {
    world.clock.advance(TimeDelta::seconds(3600));
    world.reconciler.once().await.unwrap();
    world.end(world.newest(id).await.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_dies_on_the_way_holds_nobody_up() {
    for (number, point) in [
        ("to", Point::Before("move")),
        ("to", Point::After("prepare")),
        ("from", Point::Before("clean")),
    ] {
        let mut world = World::new().await;
        let id = world.running(&world.catalogue.small, "one").await;
        let (to, note) = (world.other_than(id).await, world.data_note(id).await);
        world.workers_stop().await;
        let dies = if number == "to" { to } else { 1 - to };
        let machine = world.simulated(&world.machines[dies]);
        let dead = move || {
            machine
                .fault_set(|faults| faults.unreachable = true)
                .unwrap()
        };
        world.work("first", 2, at(point, dead));
        let plan = world.moves_ask(&[&[(id, to)]]).await;
        let (state, place) = match number {
            "to" => (FleetMoveState::Failed, 1 - to),
            _ => (FleetMoveState::Done, to),
        };
        match state {
            FleetMoveState::Failed => world.fails(plan.id).await,
            _ => world.succeeds(plan.id).await,
        };
        assert_eq!(world.move_states(&plan).await, [state], "{number}");
        assert_eq!(world.number_of(id).await, place);
        // Its owner notices nothing.
        let restarted = world.store.deployment_restart(&world.platform, id).await;
        world.succeeds(restarted.unwrap().1.id).await;
        assert_eq!(world.runs_on(id).await.len(), 1);
        world.fault(dies, |faults| faults.unreachable = false);
        settled(&world, id).await;
        assert_eq!(world.runs_on(id).await, [place]);
        assert_eq!(world.data_note(id).await, note);
        world.counts().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_goes_off_after_its_disks_were_prepared_keeps_its_data() {
    let mut world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (to, note) = (world.other_than(id).await, world.data_note(id).await);
    world.workers_stop().await;
    let vm = world.vm_of(id).await.id;
    let machine = world.simulated(&world.machines[1 - to]);
    let crash = move || machine.guest_crash(vm.0).unwrap();
    world.work("first", 2, at(Point::After("prepare"), crash));
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    world.succeeds(plan.id).await;
    assert_eq!(world.move_states(&plan).await, [FleetMoveState::Done]);
    assert_eq!(world.data_note(id).await, note);
    settled(&world, id).await;
    assert_eq!(world.runs_on(id).await, [to]);
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_that_share_a_pool_are_told_apart_before_anything_is_removed() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (to, note) = (world.other_than(id).await, world.data_note(id).await);
    // What is made there is seen here.
    let here = world.simulated(&world.machines[1 - to]);
    let seen = berth_hypervisor::VolumeSpec {
        name: berth_scheduler::names::move_probe(world.vm_of(id).await.id),
        bytes: 1 << 20,
        source: berth_hypervisor::VolumeSource::Empty,
    };
    here.volume_create("berth", &seen).await.unwrap();
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    world.fails(plan.id).await;
    assert_eq!(world.move_states(&plan).await, [FleetMoveState::Failed]);
    here.volume_delete("berth", &seen.name).await.unwrap();
    assert_eq!(world.runs_on(id).await, [1 - to]);
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_still_starts_while_the_machine_that_it_was_to_go_to_is_dark() {
    let mut world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let stopped = world.store.deployment_stop(&world.platform, id).await;
    world.succeeds(stopped.unwrap().1.id).await;
    let (to, note) = (world.other_than(id).await, world.data_note(id).await);
    world.workers_stop().await;
    let machine = world.simulated(&world.machines[to]);
    let dead = move || {
        machine
            .fault_set(|faults| faults.unreachable = true)
            .unwrap()
    };
    world.work("first", 2, at(Point::After("place"), dead));
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    world.fails(plan.id).await;
    assert_eq!(world.move_states(&plan).await, [FleetMoveState::Failed]);
    let started = world.store.deployment_start(&world.platform, id).await;
    world.succeeds(started.unwrap().1.id).await;
    assert_eq!(world.runs_on(id).await, [1 - to]);
    assert_eq!(world.data_note(id).await, note);
    // It never comes back, and holds nothing up for ever.
    let failed = berth_model::MachineUpdate {
        machine_id: world.machines[to].id,
        state: Some(berth_model::MachineState::Failed),
        vcpu_overcommit_percent: None,
        memory_reserve_bytes: None,
    };
    world
        .store
        .machine_update(&world.platform, failed)
        .await
        .unwrap();
    settled(&world, id).await;
    let used = world.machine(world.machines[to].id).await.memory_used_bytes;
    assert_eq!(used, 0, "what it held there is given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_neither_machine_can_tell_nothing_is_started() {
    let mut world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let to = world.other_than(id).await;
    world.workers_stop().await;
    // The move happens, and both machines fall silent before it can be written down.
    let machines = [
        world.simulated(&world.machines[0]),
        world.simulated(&world.machines[1]),
    ];
    let vm = world.vm_of(id).await.id;
    let silent = Arc::new(AtomicBool::new(false));
    let watch = {
        let (silent, target) = (silent.clone(), world.simulated(&world.machines[to]));
        tokio::spawn(async move {
            loop {
                let state = target.state().unwrap();
                if state
                    .guests
                    .get(&vm.0)
                    .is_some_and(|guest| guest.power.is_on())
                {
                    for machine in &machines {
                        machine
                            .fault_set(|faults| faults.unreachable = true)
                            .unwrap();
                    }
                    silent.store(true, Ordering::SeqCst);
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    world.work("first", 2, Arc::new(NoBoundary));
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    watch.await.unwrap();
    world.fails(plan.id).await;
    let restarted = world.store.deployment_restart(&world.platform, id).await;
    let restart = restarted.unwrap().1;
    world
        .until(restart.id, |operation| {
            operation.attempts > 2 || operation.state.is_final()
        })
        .await;
    assert!(world.runs_on(id).await.len() <= 1);
    for number in [0, 1] {
        world.fault(number, |faults| faults.unreachable = false);
    }
    world.end(restart.id).await;
    settled(&world, id).await;
    assert_eq!(world.runs_on(id).await, [to]);
    world.counts().await;
}
