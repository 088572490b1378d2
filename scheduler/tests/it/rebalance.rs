//! Plans of moves as a whole: how they end, and what ends them before.

use berth_model::{FleetMoveAsked, FleetMoveState, Hindrance, MoveSkip, OperationState, Shortage};
use berth_operations::Point;

use crate::{moves_broken::at, world::World};

#[tokio::test(flavor = "multi_thread")]
async fn a_rebalance_of_which_a_move_fails_says_how_many_and_carries_out_the_rest() {
    let world = World::new().await;
    let small = &world.catalogue.small;
    let (one, two) = (
        world.running(small, "one").await,
        world.running(small, "two").await,
    );
    let to = world.other_than(one).await;
    // Where they go there is room for one of them.
    let foreign = format!(
        "UPDATE machines SET memory_foreign_bytes = memory_bytes - memory_reserve_bytes - {} WHERE id = '{}'",
        small.memory_bytes, world.machines[to].id.0
    );
    world.database.sql(&foreign).await;
    let plan = world.moves_ask(&[&[(one, to), (two, to)]]).await;
    let failed = world.fails(plan.id).await;
    assert_eq!(failed.error_code.as_deref(), Some("MOVES_FAILED"));
    let message = failed.error_message.unwrap();
    assert!(message.starts_with("1 of 2 moves failed;"), "{message}");
    let mut states = world.move_states(&plan).await;
    states.sort_unstable();
    assert_eq!(states, [FleetMoveState::Done, FleetMoveState::Failed]);
    let missing = small.memory_bytes;
    for one in world.moves(&plan).await {
        let expected = Hindrance::Short(Shortage::Memory { missing });
        let expected = Some(expected).filter(|_| one.state == FleetMoveState::Failed);
        assert_eq!(one.hindrance, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebalance_that_waits_for_another_is_cancelled_at_once() {
    let mut world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    world.workers_stop().await;
    let to = world.other_than(id).await;
    let first = world.moves_ask(&[&[(id, to)]]).await;
    let second = world.moves_ask(&[&[(id, to)], &[(id, to)]]).await;
    let cancelled = world.store.operation_cancel(&world.platform, second.id);
    assert_eq!(cancelled.await.unwrap().state, OperationState::Cancelled);
    for one in world.moves(&second).await {
        assert_eq!(one.skipped, Some(MoveSkip::Cancelled));
    }
    let waits = world.store.operation_get(&world.platform, first.id).await;
    assert_eq!(waits.unwrap().state, OperationState::Pending);
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
    let message = ended.error_message.as_deref();
    assert_eq!(message, Some("Cancelled. What had not begun is left out."));
    let states = world.move_states(&plan).await;
    assert_eq!(states, [FleetMoveState::Done, FleetMoveState::Skipped]);
    assert_eq!(world.runs_on(id).await, [to]);
    world.counts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_its_owner_ended_is_left_out_and_says_so() {
    let mut world = World::new().await;
    let id = world.running(&world.catalogue.small, "one").await;
    let to = world.other_than(id).await;
    world.workers_stop().await;
    let (reached, mut is_reached) = tokio::sync::mpsc::unbounded_channel();
    let (goes_on, go_on) = std::sync::mpsc::channel::<()>();
    let wait = at(Point::Before("place"), move || {
        reached.send(()).unwrap();
        go_on.recv_timeout(crate::world::PATIENCE).unwrap();
    });
    world.work("first", 4, wait);
    let plan = world.moves_ask(&[&[(id, to)]]).await;
    is_reached.recv().await.unwrap();
    let delete = world.store.deployment_delete(&world.platform, id, None);
    let delete = delete.await.unwrap().1.id;
    goes_on.send(()).unwrap();
    world.succeeds(plan.id).await;
    let moves = world.moves(&plan).await;
    assert_eq!(moves[0].state, FleetMoveState::Skipped);
    assert_eq!(moves[0].skipped, Some(MoveSkip::Superseded));
    world.succeeds(delete).await;
    world.counts().await;
}
