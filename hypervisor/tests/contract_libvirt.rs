//! The contract, kept by libvirt on machines of a lab, and what a lab's faults do.
//!
//! `BERTH_LAB` names the lab's `lab.json` (`tests/lab/lab up`). Without it these tests fail: they
//! never pass without a real libvirtd.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod lab;
mod suite;

use lab::Lab;

macro_rules! contract {
    ($($part:ident::$case:ident,)+) => {
        $(#[tokio::test]
        async fn $case() {
            suite::$part::$case(&Lab::find().machine(0, Default::default())).await;
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
            suite::$part::$case(&Lab::find().pair(0, 2, Default::default())).await;
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

mod faults {
    //! What happens when a libvirtd hangs or dies.

    use std::time::{Duration, Instant};

    use berth_hypervisor::{Hypervisor, LibvirtConfig};
    use futures::future::join_all;

    use super::{
        lab::{BROKEN, Lab},
        suite,
    };

    pub fn quick() -> LibvirtConfig {
        LibvirtConfig {
            call_timeout: Duration::from_secs(2),
            stuck_limit: 6,
            keepalive_seconds: 1,
            events_backoff_limit: Duration::from_secs(2),
            ..Default::default()
        }
    }

    /// Calls until the machine answers again.
    pub async fn answer_wait(machine: &dyn Hypervisor) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while machine.machine_facts().await.is_err() {
            assert!(Instant::now() < deadline, "it does not answer again");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_machine_that_hangs_delays_nobody_else() {
        let _only = BROKEN.lock().await;
        let lab = Lab::find();
        let well = lab.machine(0, quick());
        let sick = lab.machine(1, quick());
        let (well, sick) = (suite::Bench::machine(&well), suite::Bench::machine(&sick));
        join_all((0..4).map(|_| sick.machine_facts())).await;
        well.machine_facts().await.unwrap();

        let resume = lab.broken(1, "libvirtd-hang", "libvirtd-resume");
        let begin = Instant::now();
        let hung = async {
            let results = join_all((0..12).map(|_| sick.machine_facts())).await;
            results.into_iter().for_each(suite::assert_unavailable);
            begin.elapsed()
        };
        let answered = async {
            let begin = Instant::now();
            for _ in 0..20 {
                well.machine_facts().await.unwrap();
            }
            begin.elapsed()
        };
        let (hung, answered) = tokio::join!(hung, answered);
        assert!(
            answered < Duration::from_secs(2),
            "20 calls of the other took {answered:?}"
        );
        assert!(
            hung < Duration::from_secs(10),
            "12 calls of the hung one took {hung:?}"
        );
        // With six calls stuck, more fail at once.
        let begin = Instant::now();
        let mut quickest = Duration::MAX;
        for _ in 0..4 {
            let begin = Instant::now();
            suite::assert_unavailable(sick.machine_facts().await);
            quickest = quickest.min(begin.elapsed());
        }
        assert!(
            quickest < Duration::from_millis(100),
            "{:?}",
            begin.elapsed()
        );
        drop(resume);
        answer_wait(sick).await;
    }

    #[tokio::test]
    async fn a_libvirtd_that_was_killed_is_found_again() {
        let _only = BROKEN.lock().await;
        let lab = Lab::find();
        let bench = lab.machine(1, quick());
        let machine = suite::Bench::machine(&bench);
        let mut events = machine.events();
        suite::guests::event_wait(&mut events, None).await;
        let guest = suite::guest_prepare(&bench).await;
        machine.guest_define(&guest.spec).await.unwrap();
        machine.guest_start(guest.spec.id).await.unwrap();

        let restart = lab.broken(1, "libvirtd-kill", "libvirtd-start");
        suite::guests::event_wait(&mut events, None).await;
        suite::assert_unavailable(machine.machine_facts().await);
        drop(restart);
        answer_wait(machine).await;
        suite::guests::event_wait(&mut events, None).await;
        // Guests go on without libvirtd, and are known again with it.
        let facts = machine.guest_get(guest.spec.id).await.unwrap().unwrap();
        assert_eq!(facts.power, berth_hypervisor::GuestPower::On);
        machine.guest_power_off(guest.spec.id).await.unwrap();
        suite::guests::event_wait(&mut events, Some(guest.spec.id)).await;
        suite::guest_remove(&bench, &guest).await;
    }

    #[tokio::test]
    async fn nobody_there_is_unavailable() {
        let machine = berth_hypervisor::LibvirtMachine::connect(
            "nobody",
            "qemu+tcp://127.0.0.1:1/system",
            quick(),
        )
        .unwrap();
        suite::assert_unavailable(machine.machine_facts().await);
    }
}

/// Generous limits: they are there for a call that waits for something it need not.
#[tokio::test]
async fn calls_are_quick() {
    use std::time::{Duration, Instant};
    use suite::{Bench, empty, guest_prepare, guest_remove, image};
    let bench = Lab::find().machine(0, Default::default());
    let (machine, pool) = (bench.machine(), bench.pool());
    let bytes: Vec<u8> = (0..64_u32 << 20)
        .map(|number| (number ^ (number >> 11)) as u8)
        .collect();
    let file = image::file_of(&bytes);
    let name = format!("berth-image-{}", suite::digits(suite::id()));
    let mut begin = Instant::now();
    let mut step = |what: &str, limit: u64| {
        println!("{what}: {:?}", begin.elapsed());
        assert!(
            begin.elapsed() < Duration::from_secs(limit),
            "{what}: {:?}",
            begin.elapsed()
        );
        begin = Instant::now();
    };
    machine.machine_facts().await.unwrap();
    step("connect and look", 10);
    machine.machine_facts().await.unwrap();
    step("look", 5);
    empty(&bench, &name, 64 << 20).await.unwrap();
    step("make a volume", 10);
    machine
        .volume_upload(pool, &name, file.path())
        .await
        .unwrap();
    step("upload 64 MiB", 30);
    machine.volume_digest(pool, &name, 64 << 20).await.unwrap();
    step("read 64 MiB back and hash them", 60);
    machine.volume_delete(pool, &name).await.unwrap();
    step("remove a volume", 10);
    let guest = guest_prepare(&bench).await;
    step("image of 384 KiB, overlay, data volume", 20);
    machine.guest_define(&guest.spec).await.unwrap();
    step("define", 10);
    machine.guest_start(guest.spec.id).await.unwrap();
    step("start", 30);
    machine.guest_get(guest.spec.id).await.unwrap();
    step("look at a guest", 10);
    let pair = Lab::find().pair(0, 2, Default::default());
    pair.twins_make(&guest).await;
    step("image, overlay and data volume on another machine", 20);
    let id = guest.spec.id;
    machine.guest_move(id, &pair.target()).await.unwrap();
    step("move there", 60);
    guest_remove(&bench, &guest).await;
    guest_remove(&*pair.to, &guest).await;
    step("power off and remove, with three volumes on each", 20);
}
