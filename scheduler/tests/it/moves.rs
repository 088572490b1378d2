//! Moves: a virtual machine goes to another machine, whatever fails on the way.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use berth_hypervisor::{Hypervisor, simulator::Faults};
use berth_model::{
    DeploymentId, DeploymentState, FleetMove, FleetMoveAsked, FleetMoveState, FleetRebalanceApply,
    Machine, MoveSkip, Operation, OperationKind, OperationState,
};
use berth_operations::{Boundary, NoBoundary, Point};
use berth_store::IdempotencyKey;
use chrono::TimeDelta;

use crate::{
    survive,
    world::{Size, World},
};

type Waves<'a> = &'a [&'a [(DeploymentId, usize)]];

impl World {
    /// Asks for moves to machines by their numbers.
    pub async fn moves_ask(&self, waves: Waves<'_>) -> Operation {
        let mut asked = Vec::new();
        for wave in waves {
            let mut moves = Vec::new();
            for (deployment, to) in *wave {
                let vm = self.vm_of(*deployment).await;
                moves.push(FleetMoveAsked {
                    virtual_machine_id: vm.id,
                    from_machine_id: vm.machine_id.unwrap(),
                    to_machine_id: self.machines[*to].id,
                });
            }
            asked.push(moves);
        }
        self.moves_apply(asked).await
    }

    async fn moves_apply(&self, waves: Vec<Vec<FleetMoveAsked>>) -> Operation {
        let key = IdempotencyKey::parse(&format!("{:?}", waves.len())).unwrap();
        let input = FleetRebalanceApply {
            site_id: self.site.id,
            waves,
        };
        let cx = self.platform.clone().with_key(key);
        self.store.fleet_rebalance_apply(&cx, input).await.unwrap()
    }

    pub async fn moves(&self, plan: &Operation) -> Vec<FleetMove> {
        let ids = [plan.id];
        let moves = self.store.fleet_move_by_operation_ids(&self.platform, &ids);
        moves.await.unwrap().remove(&plan.id).unwrap()
    }

    async fn move_states(&self, plan: &Operation) -> Vec<FleetMoveState> {
        self.moves(plan).await.iter().map(|one| one.state).collect()
    }

    /// The number of the machine that it is on.
    async fn number_of(&self, id: DeploymentId) -> usize {
        let machine = self.machine_of(id).await.unwrap().id;
        let found = self.machines.iter().position(|one| one.id == machine);
        found.unwrap()
    }

    async fn other_than(&self, id: DeploymentId) -> usize {
        1 - self.number_of(id).await
    }

    /// On which machines its guest runs.
    async fn runs_on(&self, id: DeploymentId) -> Vec<usize> {
        let vm = self.vm_of(id).await.id;
        let runs = |machine: &Machine| {
            let state = self.simulated(machine).state().unwrap();
            let guest = state.guests.get(&vm.0);
            guest.is_some_and(|guest| guest.power.is_on())
        };
        let all = self.machines.iter().enumerate();
        all.filter(|(_, machine)| runs(machine))
            .map(|(number, _)| number)
            .collect()
    }

    fn fault(&self, number: usize, set: impl FnOnce(&mut Faults)) {
        self.simulated(&self.machines[number])
            .fault_set(set)
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_on_the_other_machine_and_never_stood_still() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (before, note) = (world.vm_of(id).await, world.data_note(id).await);
    let to = world.other_than(id).await;
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    world.succeeds(plan.id).await;
    assert_eq!(world.move_states(&plan).await, [FleetMoveState::Done]);
    assert_eq!(world.runs_on(id).await, [to]);
    assert_eq!(world.number_of(id).await, to);
    assert_eq!(world.data_note(id).await, note);
    let after = world.vm_of(id).await;
    assert_eq!(after.started_at, before.started_at, "it was not restarted");
    world.is(id, DeploymentState::Running).await;
    // Nothing is left where it came from, and every counter is a sum.
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_still_takes_its_data_along_and_starts_there() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let note = world.data_note(id).await;
    let stopped = world.store.deployment_stop(&world.platform, id).await;
    world.succeeds(stopped.unwrap().1.id).await;
    let to = world.other_than(id).await;
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    world.succeeds(plan.id).await;
    assert_eq!(world.move_states(&plan).await, [FleetMoveState::Done]);
    world.counts().await;
    let started = world.store.deployment_start(&world.platform, id).await;
    world.succeeds(started.unwrap().1.id).await;
    assert_eq!(world.runs_on(id).await, [to]);
    assert_eq!(world.data_note(id).await, note);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_is_kept_of_a_deleted_neighbour_goes_along() {
    let world = World::new().await;
    let stays = world.running(&world.catalogue.shared, "stays").await;
    let deleted = world.running(&world.catalogue.shared, "deleted").await;
    let note = world.data_note(deleted).await;
    let delete = world
        .store
        .deployment_delete(&world.platform, deleted, None);
    world.succeeds(delete.await.unwrap().1.id).await;
    let to = world.other_than(stays).await;
    let plan = world.moves_ask(&[&[(stays, to)]]).await;
    world.succeeds(plan.id).await;
    let restore = world.store.deployment_restore(&world.platform, deleted);
    world.succeeds(restore.await.unwrap().1.id).await;
    assert_eq!(world.data_note(deleted).await, note);
    assert_eq!(world.runs_on(deleted).await, [to]);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_and_kept_can_be_moved_and_restored() {
    let world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let note = world.data_note(id).await;
    let delete = world.store.deployment_delete(&world.platform, id, None);
    world.succeeds(delete.await.unwrap().1.id).await;
    let to = world.other_than(id).await;
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    world.succeeds(plan.id).await;
    world.is(id, DeploymentState::Deleted).await;
    world.counts().await;
    let restore = world.store.deployment_restore(&world.platform, id);
    world.succeeds(restore.await.unwrap().1.id).await;
    assert_eq!(world.data_note(id).await, note);
    assert_eq!(world.runs_on(id).await, [to]);
    world.counts().await;
}

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

fn at<F: FnMut() + Send + 'static>(point: Point<'static>, then: F) -> Arc<dyn Boundary> {
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
        world.succeeds(plan.id).await;
        let (state, place) = match number {
            "to" => (FleetMoveState::Failed, 1 - to),
            _ => (FleetMoveState::Done, to),
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
    world.succeeds(plan.id).await;
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
    world.succeeds(plan.id).await;
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
    world.succeeds(plan.id).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_a_rule_is_against_by_now_is_refused_and_nothing_changes() {
    let world = World::new().await;
    let small = &world.catalogue.small;
    let id = world.running(small, "one").await;
    let to = world.other_than(id).await;
    // Everything there is sold since the plan was made.
    let full = berth_model::MachineUpdate {
        machine_id: world.machines[to].id,
        state: Some(berth_model::MachineState::Draining),
        vcpu_overcommit_percent: None,
        memory_reserve_bytes: None,
    };
    world
        .store
        .machine_update(&world.platform, full)
        .await
        .unwrap();
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    world.succeeds(plan.id).await;
    let moves = world.moves(&plan).await;
    assert_eq!(moves[0].state, FleetMoveState::Failed);
    let moved = moves[0].operation_id.unwrap();
    let operation = world.fails(moved).await;
    assert_eq!(operation.error_code.as_deref(), Some("NO_CAPACITY"));
    assert_eq!(world.runs_on(id).await, [1 - to]);
    world.is(id, DeploymentState::Running).await;
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waves_follow_each_other_and_what_is_stale_is_left_out() {
    let world = World::new().await;
    let small = &world.catalogue.small;
    let (one, two) = (
        world.running(small, "one").await,
        world.running(small, "two").await,
    );
    let (from, to) = (world.number_of(one).await, world.other_than(one).await);
    let vm = world.vm_of(one).await.id;
    let go = |from: usize, to: usize| FleetMoveAsked {
        virtual_machine_id: vm,
        from_machine_id: world.machines[from].id,
        to_machine_id: world.machines[to].id,
    };
    let other = FleetMoveAsked {
        virtual_machine_id: world.vm_of(two).await.id,
        from_machine_id: world.machines[1 - world.number_of(two).await].id,
        to_machine_id: world.machines[world.number_of(two).await].id,
    };
    // There, and back in the second wave; the other isn't where it is said to be.
    let waves = vec![vec![go(from, to), other], vec![go(to, from)]];
    let plan = world.moves_apply(waves).await;
    world.succeeds(plan.id).await;
    let moves = world.moves(&plan).await;
    let mut ended: Vec<_> = moves.iter().map(|one| (one.wave, one.state)).collect();
    ended.sort_unstable();
    let expected = [
        (0, FleetMoveState::Done),
        (0, FleetMoveState::Skipped),
        (1, FleetMoveState::Done),
    ];
    assert_eq!(ended, expected);
    let skipped: Vec<_> = moves.iter().filter_map(|one| one.skipped).collect();
    assert_eq!(skipped, [MoveSkip::Elsewhere]);
    let newest = world.newest(one).await;
    assert!(newest.created_at >= moves_of_first_wave(&world, &plan).await);
    assert_eq!(world.runs_on(one).await, [from]);
    world.counts().await;
}

/// When the last of the first wave ended.
async fn moves_of_first_wave(world: &World, plan: &Operation) -> berth_model::Timestamp {
    let moves = world.moves(plan).await;
    let mut ended = Vec::new();
    for one in moves.iter().filter(|one| one.wave == 0) {
        if let Some(id) = one.operation_id {
            ended.extend(world.end(id).await.finished_at);
        }
    }
    ended.into_iter().max().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_rebalance_begins_nothing_more() {
    let mut world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let (from, to) = (world.number_of(id).await, world.other_than(id).await);
    world.workers_stop().await;
    let vm = world.vm_of(id).await.id;
    let go = |from: usize, to: usize| FleetMoveAsked {
        virtual_machine_id: vm,
        from_machine_id: world.machines[from].id,
        to_machine_id: world.machines[to].id,
    };
    let (reached, mut is_reached) = tokio::sync::mpsc::unbounded_channel();
    let (goes_on, go_on) = std::sync::mpsc::channel::<()>();
    let wait = at(Point::Before("move"), move || {
        reached.send(()).unwrap();
        go_on.recv_timeout(crate::world::PATIENCE).unwrap();
    });
    world.work("first", 4, wait);
    let plan = world
        .moves_apply(vec![vec![go(from, to)], vec![go(to, from)]])
        .await;
    is_reached.recv().await.unwrap();
    let cancelled = world.store.operation_cancel(&world.platform, plan.id).await;
    cancelled.unwrap();
    goes_on.send(()).unwrap();
    let ended = world.end(plan.id).await;
    assert_eq!(ended.state, OperationState::Cancelled, "{ended:#?}");
    let states = world.move_states(&plan).await;
    assert_eq!(states, [FleetMoveState::Done, FleetMoveState::Skipped]);
    assert_eq!(world.runs_on(id).await, [to]);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_moves_at_once_keep_every_counter_and_every_guest() {
    let world = World::sized(Size {
        machines: 2,
        memory_gib: 16,
        workers: 3,
        concurrency: 4,
    })
    .await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let name = format!("d{number}");
        ids.push(world.running(&world.catalogue.small, &name).await);
    }
    let mut wave = Vec::new();
    for id in &ids {
        wave.push((*id, world.other_than(*id).await));
    }
    let plan = world.moves_ask(&[&wave]).await;
    world.succeeds(plan.id).await;
    for (id, to) in wave {
        assert_eq!(world.runs_on(id).await, [to]);
    }
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_keep_the_room_for_restarts_or_are_refused() {
    let world = World::sized(Size {
        machines: 3,
        memory_gib: 6,
        workers: 3,
        concurrency: 4,
    })
    .await;
    survive::policy_set(&world, survive::SURVIVE).await;
    let mut ids = Vec::new();
    for number in 0..9 {
        let name = format!("d{number}");
        ids.push(world.running(&world.catalogue.small, &name).await);
    }
    for round in 1..=2 {
        let mut wave = Vec::new();
        for id in &ids {
            wave.push((*id, (world.number_of(*id).await + round) % 3));
        }
        let plan = world.moves_ask(&[&wave]).await;
        world.succeeds(plan.id).await;
        let moves = world.moves(&plan).await;
        let ended =
            |one: &FleetMove| matches!(one.state, FleetMoveState::Done | FleetMoveState::Failed);
        assert!(moves.iter().all(ended), "{moves:#?}");
        assert!(moves.iter().any(|one| one.state == FleetMoveState::Done));
        survive::check_failures(&survive::facts(&world).await);
        world.counts().await;
    }
}
