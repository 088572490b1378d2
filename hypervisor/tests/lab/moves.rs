//! Moves in a lab, with what a lab's faults do to them.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use berth_hypervisor::{GuestPower, LibvirtConfig, MoveTarget};
use uuid::Uuid;

use super::{
    super::{
        faults::{answer_wait, quick},
        suite::{self, Bench, Guest, Pair, assert_unavailable},
    },
    BROKEN, Lab,
};

const MOVER: &str = "BERTH_TEST_MOVER";
/// A second pool, which only one machine has.
const OTHER_POOL: &str = "berth-other";

/// Removes the second pool when it is dropped, also by a test that fails.
struct OtherPool(String);

impl OtherPool {
    fn make(uri: String) -> Self {
        let pool = Self(uri);
        let folder = "/var/lib/libvirt/berth-other";
        pool.virsh(&["pool-define-as", OTHER_POOL, "dir", "--target", folder]);
        pool.virsh(&["pool-build", OTHER_POOL]);
        pool.virsh(&["pool-start", OTHER_POOL]);
        pool
    }

    fn virsh(&self, words: &[&str]) {
        let mut command = Command::new("virsh");
        let output = command.args(["--quiet", "--connect", &self.0]).args(words);
        let output = output.output().unwrap();
        assert!(output.status.success(), "virsh {words:?}: {output:?}");
    }
}

impl Drop for OtherPool {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            for step in ["pool-destroy", "pool-delete", "pool-undefine"] {
                self.virsh(&[step, OTHER_POOL]);
            }
        }
    }
}

#[tokio::test]
async fn a_guest_moves_to_another_pool() {
    let lab = Lab::find();
    let pool = OtherPool::make(lab.uri(2));
    let mut pair = lab.pair(0, 2, LibvirtConfig::default());
    let mut to = lab.machine(2, LibvirtConfig::default());
    to.pool = OTHER_POOL.into();
    pair.to = Box::new(to);
    suite::moves::a_guest_moves_with_its_disks(&pair).await;
    drop(pool);
}

/// Two moves in a row: what a first one left in the guest's definition must not confuse the next.
#[tokio::test]
async fn a_guest_moves_on_and_back() {
    let lab = Lab::find();
    let pair = lab.pair(0, 2, LibvirtConfig::default());
    let back = lab.pair(2, 0, LibvirtConfig::default());
    let guest = pair.guest_run().await;
    let id = guest.spec.id;
    pair.twins_make(&guest).await;
    for _ in 0..2 {
        pair.here().guest_move(id, &pair.target()).await.unwrap();
        let facts = pair.there().guest_get(id).await.unwrap().unwrap();
        assert_eq!(facts.volumes, guest.spec.volumes().collect::<Vec<_>>());
        back.here().guest_move(id, &back.target()).await.unwrap();
        assert_eq!(pair.power(&*pair.to, id).await, None);
        assert_eq!(pair.power(&*pair.from, id).await, Some(GuestPower::On));
    }
    pair.clean(&guest).await;
}

/// The mover is killed wherever it then is. Whatever it left, the guest is on at most once, and
/// moving it again ends well.
#[tokio::test]
async fn a_killed_mover_leaves_one_guest() {
    let pair = Lab::find().pair(0, 2, LibvirtConfig::default());
    let rounds = std::env::var("BERTH_TEST_ROUNDS").map_or(4, |text| text.parse().unwrap());
    for round in 0..rounds {
        let guest = pair.guest_run().await;
        pair.twins_make(&guest).await;
        killed_round(
            &pair,
            &guest,
            Duration::from_millis(150 + 97 * (round % 12)),
        )
        .await;
        pair.clean(&guest).await;
    }
}

async fn killed_round(pair: &Pair, guest: &Guest, until: Duration) {
    let id = guest.spec.id;
    let mut mover = mover(id, &pair.target());
    let begin = Instant::now();
    while begin.elapsed() < until {
        assert_not_on_both(pair, id).await;
    }
    mover.kill().unwrap();
    mover.wait().unwrap();
    for _ in 0..20 {
        assert_not_on_both(pair, id).await;
    }
    let mut again = pair.here().guest_move(id, &pair.target()).await;
    for _ in 0..100 {
        if again.is_ok() {
            break;
        }
        // libvirt may still be ending the first one.
        pair.from.time_passes().await;
        assert_not_on_both(pair, id).await;
        again = pair.here().guest_move(id, &pair.target()).await;
    }
    again.unwrap();
    assert_eq!(pair.power(&*pair.from, id).await, None);
    assert_eq!(pair.power(&*pair.to, id).await, Some(GuestPower::On));
    let console = pair.there().guest_console(id, pair.to.pool(), 4096).await;
    assert_eq!(console.unwrap(), "", "it did not start again");
}

async fn assert_not_on_both(pair: &Pair, id: Uuid) {
    let there = pair.power(&*pair.to, id).await;
    let here = pair.power(&*pair.from, id).await;
    let on = Some(GuestPower::On);
    assert!(there != on || here != on, "it is on on both");
}

/// A process that moves a guest from the lab's first machine.
fn mover(id: Uuid, to: &MoveTarget) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lab::moves::a_guest_is_moved_as_told"])
        .env(MOVER, format!("{id} {} {}", to.uri, to.pool))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// What such a process does; by itself nothing.
#[tokio::test]
async fn a_guest_is_moved_as_told() {
    let Ok(told) = std::env::var(MOVER) else {
        return;
    };
    let mut words = told.split(' ').map(str::to_owned);
    let mut word = || words.next().unwrap();
    let id = word().parse().unwrap();
    let to = MoveTarget {
        uri: word(),
        pool: word(),
        bandwidth_mib: None,
    };
    let bench = Lab::find().machine(0, LibvirtConfig::default());
    bench.machine().guest_move(id, &to).await.unwrap();
}

#[tokio::test]
async fn a_target_that_dies_keeps_nothing() {
    let _only = BROKEN.lock().await;
    let lab = Lab::find();
    let pair = lab.pair(0, 1, quick());
    let guest = pair.guest_run().await;
    move_broken(&lab, &pair, &guest, ["libvirtd-kill", "libvirtd-start"]).await;
    answer_wait(pair.there()).await;
    pair.stay_wait(guest.spec.id).await;
    pair.clean(&guest).await;
}

#[tokio::test]
async fn a_source_that_dies_goes_on() {
    let _only = BROKEN.lock().await;
    let lab = Lab::find();
    let pair = lab.pair(1, 2, quick());
    let guest = pair.guest_run().await;
    move_broken(&lab, &pair, &guest, ["libvirtd-kill", "libvirtd-start"]).await;
    answer_wait(pair.here()).await;
    pair.stay_wait(guest.spec.id).await;
    pair.clean(&guest).await;
}

/// A move that fails since the lab's second machine is broken on the way, and mended then.
async fn move_broken(lab: &Lab, pair: &Pair, guest: &Guest, [how, mend]: [&'static str; 2]) {
    let id = guest.spec.id;
    pair.twins_make(guest).await;
    let target = pair.slow_target();
    let breaking = async {
        pair.move_seen(id).await;
        lab.broken(1, how, mend)
    };
    let (moved, broken) = tokio::join!(pair.here().guest_move(id, &target), breaking);
    assert_unavailable(moved);
    drop(broken);
}

/// A libvirtd that hangs is not waited for longer than any other call waits; and what becomes of
/// the guest can be told afterwards.
#[tokio::test]
async fn a_move_to_a_machine_that_hangs_ends() {
    let _only = BROKEN.lock().await;
    let lab = Lab::find();
    let pair = lab.pair(0, 1, quick());
    let guest = pair.guest_run().await;
    let id = guest.spec.id;
    move_broken(&lab, &pair, &guest, ["libvirtd-hang", "libvirtd-resume"]).await;
    answer_wait(pair.there()).await;
    let target = pair.target();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        assert_not_on_both(&pair, id).await;
        // Whatever was decided, it is moved in the end.
        match pair.here().guest_move(id, &target).await {
            Ok(()) => break,
            Err(error) => assert!(Instant::now() < deadline, "{}", error.cause_text()),
        }
        pair.from.time_passes().await;
    }
    assert_eq!(pair.power(&*pair.from, id).await, None);
    assert_eq!(pair.power(&*pair.to, id).await, Some(GuestPower::On));
    pair.clean(&guest).await;
}
