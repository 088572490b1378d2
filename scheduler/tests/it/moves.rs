//! Moves: a virtual machine goes to another machine, whatever fails on the way.

use berth_hypervisor::simulator::Faults;
use berth_model::{
    DeploymentId, DeploymentState, FleetMove, FleetMoveAsked, FleetMoveState, FleetRebalanceApply,
    Hindrance, Machine, MoveSkip, Operation, OperationState,
};
use berth_store::IdempotencyKey;

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

    pub async fn moves_apply(&self, waves: Vec<Vec<FleetMoveAsked>>) -> Operation {
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

    pub async fn move_states(&self, plan: &Operation) -> Vec<FleetMoveState> {
        self.moves(plan).await.iter().map(|one| one.state).collect()
    }

    /// The number of the machine that it is on.
    pub async fn number_of(&self, id: DeploymentId) -> usize {
        let machine = self.machine_of(id).await.unwrap().id;
        let found = self.machines.iter().position(|one| one.id == machine);
        found.unwrap()
    }

    pub async fn other_than(&self, id: DeploymentId) -> usize {
        1 - self.number_of(id).await
    }

    /// On which machines its guest runs.
    pub async fn runs_on(&self, id: DeploymentId) -> Vec<usize> {
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

    pub fn fault(&self, number: usize, set: impl FnOnce(&mut Faults)) {
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
    let failed = world.fails(plan.id).await;
    assert_eq!(failed.error_code.as_deref(), Some("MOVES_FAILED"));
    let moves = world.moves(&plan).await;
    assert_eq!(moves[0].state, FleetMoveState::Failed);
    assert_eq!(moves[0].hindrance, Some(Hindrance::Closed));
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
        let operation = world.end(plan.id).await;
        let moves = world.moves(&plan).await;
        let any_failed = moves.iter().any(|one| one.state == FleetMoveState::Failed);
        let state = match any_failed {
            true => OperationState::Failed,
            false => OperationState::Succeeded,
        };
        assert_eq!(operation.state, state, "{moves:#?}");
        let ended =
            |one: &FleetMove| matches!(one.state, FleetMoveState::Done | FleetMoveState::Failed);
        assert!(moves.iter().all(ended), "{moves:#?}");
        assert!(moves.iter().any(|one| one.state == FleetMoveState::Done));
        survive::check_failures(&survive::facts(&world).await);
        world.counts().await;
    }
}
