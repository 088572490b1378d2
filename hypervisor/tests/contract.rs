//! The contract, kept by the simulator, and what only the simulator does.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod simulator;
mod suite;

use std::time::Duration;

use berth_hypervisor::SimulatorConfig;

fn world() -> simulator::world::World {
    let watch_period = Duration::from_millis(5);
    simulator::world::World::new(SimulatorConfig {
        watch_period,
        ..Default::default()
    })
}

macro_rules! contract {
    ($($part:ident::$case:ident,)+) => {
        $(#[tokio::test]
        async fn $case() {
            suite::$part::$case(&world()).await;
        })+
    };
}

contract! {
    volumes::the_machine_is_described,
    volumes::a_volume_is_made_once_and_grows,
    volumes::what_is_uploaded_can_be_checked,
    volumes::a_system_disk_lies_on_its_image,
    volumes::many_work_on_one_pool,
    guests::a_guest_is_defined,
    guests::a_guest_runs,
    guests::a_console_is_no_volume,
    guests::a_seed_is_ejected,
    guests::a_system_disk_is_replaced,
    guests::what_is_not_there_is_refused_or_fine,
    guests::events_arrive,
}

macro_rules! contract_of_two {
    ($($part:ident::$case:ident,)+) => {
        $(#[tokio::test]
        async fn $case() {
            suite::$part::$case(&simulator::world::pair(world())).await;
        })+
    };
}

contract_of_two! {
    moves::a_guest_moves_with_its_disks,
    moves::a_move_needs_the_volumes,
    moves::what_cannot_move_is_refused,
    moves::a_dropped_move_is_given_up,
    moves::a_move_tells_how_far_it_is,
    moves::an_arrival_can_be_called_off,
    moves::a_volume_is_copied,
    moves::a_volume_in_use_is_not_copied,
}
