//! Moves of guests and volumes between two machines.

use berth_hypervisor::{GuestPower, GuestSpec, Hypervisor, MoveTarget};
use berth_model::Sha256;
use sha2::Digest;
use uuid::Uuid;

use super::{
    Bench, DATA_BYTES, Guest, Pair, assert_refused, assert_unavailable, console_wait, digits,
    empty, guest_prepare, guest_remove, id, image, image_put, overlay, power_wait,
};

/// What is on a data volume: no zeros, which would be sent for nothing.
fn content() -> Vec<u8> {
    (0..u32::try_from(DATA_BYTES).unwrap())
        .map(|number| 1 | (number ^ (number >> 7)) as u8)
        .collect()
}

/// As quick as it goes.
pub fn target(uri: &str, pool: &str) -> MoveTarget {
    MoveTarget {
        uri: uri.to_owned(),
        pool: pool.to_owned(),
        bandwidth_mib: None,
    }
}

impl Pair {
    pub fn target(&self) -> MoveTarget {
        target(&self.to_uri, self.to.pool())
    }

    /// So slow that one can look at it: seconds, for what a guest of these tests has.
    pub fn slow_target(&self) -> MoveTarget {
        MoveTarget {
            bandwidth_mib: Some(1),
            ..self.target()
        }
    }

    pub fn here(&self) -> &dyn Hypervisor {
        self.from.machine()
    }

    pub fn there(&self) -> &dyn Hypervisor {
        self.to.machine()
    }

    /// A guest that runs, with something on its data volume.
    pub async fn guest_run(&self) -> Guest {
        let guest = guest_prepare(&*self.from).await;
        let file = image::file_of(&content());
        let data = &guest.spec.data[0].volume;
        let pool = self.from.pool();
        self.here()
            .volume_upload(pool, data, file.path())
            .await
            .unwrap();
        self.here().guest_define(&guest.spec).await.unwrap();
        self.here().guest_start(guest.spec.id).await.unwrap();
        console_wait(&*self.from, guest.spec.id, image::GREETING).await;
        guest
    }

    /// Volumes there for all that a guest has here.
    pub async fn twins_make(&self, guest: &Guest) {
        image_put(&*self.to, &guest.image).await;
        overlay(&*self.to, &guest.spec.system_volume, &guest.image)
            .await
            .unwrap();
        let data = &guest.spec.data[0].volume;
        empty(&*self.to, data, DATA_BYTES).await.unwrap();
    }

    pub async fn power(&self, bench: &dyn Bench, id: Uuid) -> Option<GuestPower> {
        let guest = bench.machine().guest_get(id).await.unwrap();
        guest.map(|guest| guest.power)
    }

    /// It runs here as if nothing had been.
    pub async fn assert_stayed(&self, id: Uuid) {
        assert_eq!(self.power(&*self.from, id).await, Some(GuestPower::On));
        assert_eq!(self.power(&*self.to, id).await, None);
        let progress = self.here().guest_move_progress(id).await.unwrap();
        assert_eq!(progress, None);
    }

    /// Waits until a move that was given up has left nothing.
    pub async fn stay_wait(&self, id: Uuid) {
        for _ in 0..1200 {
            let progress = self.here().guest_move_progress(id).await.unwrap();
            if progress.is_none() && self.power(&*self.to, id).await.is_none() {
                power_wait(&*self.from, id, GuestPower::On).await;
                return self.assert_stayed(id).await;
            }
            self.from.time_passes().await;
        }
        panic!("the move is not given up");
    }

    /// Waits until a move can be seen on both sides.
    pub async fn move_seen(&self, id: Uuid) {
        loop {
            let progress = self.here().guest_move_progress(id).await.unwrap();
            let power = self.power(&*self.to, id).await;
            assert!(
                [None, Some(GuestPower::Arriving)].contains(&power),
                "{power:?}"
            );
            if progress.is_some() && power.is_some() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    pub async fn clean(&self, guest: &Guest) {
        guest_remove(&*self.from, guest).await;
        guest_remove(&*self.to, guest).await;
    }
}

pub async fn a_guest_moves_with_its_disks(pair: &Pair) {
    let guest = pair.guest_run().await;
    let (id, data) = (guest.spec.id, &guest.spec.data[0].volume);
    pair.twins_make(&guest).await;
    let before = pair.here().guest_get(id).await.unwrap();
    let target = pair.target();
    let look = async {
        loop {
            // In this order: after it is on there, it must never again be on here.
            let there = pair.power(&*pair.to, id).await;
            let here = pair.power(&*pair.from, id).await;
            let on = Some(GuestPower::On);
            assert!(there != on || here != on, "it is on on both");
            assert_ne!(there, Some(GuestPower::Leaving));
            assert_ne!(here, Some(GuestPower::Arriving));
            pair.from.glance().await;
        }
    };
    tokio::select! {
        moved = pair.here().guest_move(id, &target) => moved.unwrap(),
        () = look => {}
    }
    assert_eq!(pair.here().guest_get(id).await.unwrap(), None);
    let console = pair.here().guest_console(id, pair.from.pool(), 4096).await;
    assert_eq!(console.unwrap(), "");
    assert_eq!(pair.there().guest_get(id).await.unwrap(), before);
    // Once more, as by a worker that did not hear of it.
    pair.here().guest_move(id, &target).await.unwrap();
    let there = GuestSpec {
        pool: pair.to.pool().to_owned(),
        ..guest.spec.clone()
    };
    pair.there().guest_define(&there).await.unwrap();

    // It did not start again: that would be on its console. And it still answers its power button.
    let console = pair.there().guest_console(id, pair.to.pool(), 4096).await;
    assert_eq!(console.unwrap(), "");
    pair.there().guest_shutdown(id).await.unwrap();
    power_wait(&*pair.to, id, GuestPower::Off).await;
    let expected = Sha256(sha2::Sha256::digest(content()).into());
    for bench in [&*pair.from, &*pair.to] {
        let digest = bench
            .machine()
            .volume_digest(bench.pool(), data, DATA_BYTES)
            .await
            .unwrap();
        assert_eq!(digest, expected);
    }
    // It is defined there, and its overlay is whole.
    pair.there().guest_start(id).await.unwrap();
    console_wait(&*pair.to, id, image::GREETING).await;
    pair.clean(&guest).await;
}

pub async fn a_move_needs_the_volumes(pair: &Pair) {
    let guest = pair.guest_run().await;
    let (id, data) = (guest.spec.id, guest.spec.data[0].volume.as_str());
    let (target, pool) = (pair.target(), pair.to.pool());
    assert_refused(pair.here().guest_move(id, &target).await);
    pair.assert_stayed(id).await;
    let no_pool = MoveTarget {
        pool: "no-such-pool".into(),
        ..target.clone()
    };
    assert_refused(pair.here().guest_move(id, &no_pool).await);

    // One that is missing, one that is larger, one that lies on something else.
    pair.twins_make(&guest).await;
    pair.there().volume_delete(pool, data).await.unwrap();
    assert_refused(pair.here().guest_move(id, &target).await);
    empty(&*pair.to, data, 2 * DATA_BYTES).await.unwrap();
    assert_refused(pair.here().guest_move(id, &target).await);
    pair.there().volume_delete(pool, data).await.unwrap();
    empty(&*pair.to, data, DATA_BYTES).await.unwrap();
    let system = &guest.spec.system_volume;
    let other = format!("{}-other", guest.image);
    image_put(&*pair.to, &other).await;
    pair.there().volume_delete(pool, system).await.unwrap();
    overlay(&*pair.to, system, &other).await.unwrap();
    assert_refused(pair.here().guest_move(id, &target).await);
    pair.assert_stayed(id).await;
    pair.clean(&guest).await;
    pair.there().volume_delete(pool, &other).await.unwrap();
}

pub async fn what_cannot_move_is_refused(pair: &Pair) {
    let mut guest = guest_prepare(&*pair.from).await;
    pair.twins_make(&guest).await;
    let (id, target) = (guest.spec.id, pair.target());
    assert_refused(pair.here().guest_move(id, &target).await);
    let progress = pair.here().guest_move_progress(id).await.unwrap();
    assert_eq!(progress, None);
    let seed = format!("berth-seed-{}-1", digits(id));
    empty(&*pair.from, &seed, 1 << 20).await.unwrap();
    guest.spec.seed_volume = Some(seed);
    pair.here().guest_define(&guest.spec).await.unwrap();
    // Off; then with its seed.
    assert_refused(pair.here().guest_move(id, &target).await);
    let progress = pair.here().guest_move_progress(id).await.unwrap();
    assert_eq!(progress, None);
    pair.here().guest_start(id).await.unwrap();
    assert_refused(pair.here().guest_move(id, &target).await);
    pair.assert_stayed(id).await;

    pair.here().guest_seed_eject(id).await.unwrap();
    let itself = MoveTarget {
        uri: pair.from_uri.clone(),
        ..target.clone()
    };
    assert_refused(pair.here().guest_move(id, &itself).await);
    let nobody = MoveTarget {
        uri: pair.nobody.clone(),
        ..target.clone()
    };
    assert_unavailable(pair.here().guest_move(id, &nobody).await);
    pair.assert_stayed(id).await;

    // Somebody has defined it there as well.
    let there = GuestSpec {
        seed_volume: None,
        pool: pair.to.pool().to_owned(),
        ..guest.spec.clone()
    };
    pair.there().guest_define(&there).await.unwrap();
    assert_refused(pair.here().guest_move(id, &target).await);
    assert_eq!(pair.power(&*pair.from, id).await, Some(GuestPower::On));
    assert_eq!(pair.power(&*pair.to, id).await, Some(GuestPower::Off));
    pair.clean(&guest).await;
}

pub async fn a_dropped_move_is_given_up(pair: &Pair) {
    let guest = pair.guest_run().await;
    let id = guest.spec.id;
    pair.twins_make(&guest).await;
    let target = pair.slow_target();
    tokio::select! {
        moved = pair.here().guest_move(id, &target) => panic!("too quick: {moved:?}"),
        () = pair.move_seen(id) => {}
    }
    pair.stay_wait(id).await;
    // The same volumes serve for the next try.
    let target = pair.target();
    let time = async {
        loop {
            pair.from.glance().await;
        }
    };
    tokio::select! {
        moved = pair.here().guest_move(id, &target) => moved.unwrap(),
        () = time => {}
    }
    assert_eq!(pair.power(&*pair.to, id).await, Some(GuestPower::On));
    pair.clean(&guest).await;
}

pub async fn a_move_tells_how_far_it_is(pair: &Pair) {
    let guest = pair.guest_run().await;
    let id = guest.spec.id;
    pair.twins_make(&guest).await;
    let target = pair.slow_target();
    let mut steps = Vec::new();
    let look = async {
        pair.move_seen(id).await;
        // Nobody else can have it meanwhile, here or there.
        assert_refused(pair.here().guest_move(id, &target).await);
        assert_refused(pair.there().guest_start(id).await);
        assert_refused(pair.there().guest_define(&guest.spec).await);
        for name in guest.spec.volumes() {
            let deleted = pair.there().volume_delete(pair.to.pool(), name).await;
            assert_refused(deleted);
        }
        loop {
            steps.extend(pair.here().guest_move_progress(id).await.unwrap());
            pair.from.time_passes().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        moved = pair.here().guest_move(id, &target) => moved.unwrap(),
        () = look => {}
    }
    assert!(steps.len() > 2, "{steps:?}");
    assert!(steps.iter().all(|step| step.done_bytes <= step.total_bytes));
    let distinct = steps.windows(2).filter(|two| two[0] != two[1]).count();
    assert!(distinct > 1, "{steps:?}");
    let progress = pair.there().guest_move_progress(id).await.unwrap();
    assert_eq!(progress, None);
    pair.clean(&guest).await;
}

pub async fn an_arrival_can_be_called_off(pair: &Pair) {
    let guest = pair.guest_run().await;
    let id = guest.spec.id;
    pair.twins_make(&guest).await;
    let target = pair.slow_target();
    let call_off = async {
        pair.move_seen(id).await;
        pair.there().guest_power_off(id).await.unwrap();
    };
    let (moved, ()) = tokio::join!(pair.here().guest_move(id, &target), call_off);
    moved.expect_err("it can't have arrived");
    pair.stay_wait(id).await;
    pair.clean(&guest).await;
}

pub async fn a_volume_is_copied(pair: &Pair) {
    let (name, target) = (format!("berth-data-{}", digits(id())), pair.target());
    let (pool, bytes) = (pair.from.pool(), content());
    empty(&*pair.from, &name, DATA_BYTES).await.unwrap();
    assert_refused(pair.here().volume_copy(pool, &name, &target).await);
    assert_refused(pair.here().volume_copy(pool, "berth-none", &target).await);
    empty(&*pair.to, &name, 2 * DATA_BYTES).await.unwrap();
    for bytes in [&bytes[..], &bytes.iter().rev().copied().collect::<Vec<_>>()] {
        let file = image::file_of(bytes);
        pair.here()
            .volume_upload(pool, &name, file.path())
            .await
            .unwrap();
        pair.here().volume_copy(pool, &name, &target).await.unwrap();
        let copy = pair
            .there()
            .volume_digest(pair.to.pool(), &name, DATA_BYTES)
            .await;
        assert_eq!(copy.unwrap(), Sha256(sha2::Sha256::digest(bytes).into()));
    }
    let facts = pair
        .there()
        .volume_get(pair.to.pool(), &name)
        .await
        .unwrap();
    assert_eq!(facts.unwrap().bytes, 2 * DATA_BYTES);
    let back = self::target(&pair.from_uri, pool);
    // Too large for the other, then to itself, then to nobody.
    let too_large = pair.there().volume_copy(pair.to.pool(), &name, &back).await;
    assert_refused(too_large);
    assert_refused(pair.here().volume_copy(pool, &name, &back).await);
    let nobody = MoveTarget {
        uri: pair.nobody.clone(),
        ..target
    };
    assert_unavailable(pair.here().volume_copy(pool, &name, &nobody).await);
    for bench in [&*pair.from, &*pair.to] {
        bench
            .machine()
            .volume_delete(bench.pool(), &name)
            .await
            .unwrap();
    }
}

pub async fn a_volume_in_use_is_not_copied(pair: &Pair) {
    let guest = pair.guest_run().await;
    let (id, data) = (guest.spec.id, &guest.spec.data[0].volume);
    pair.twins_make(&guest).await;
    let pool = pair.from.pool();
    assert_refused(pair.here().volume_copy(pool, data, &pair.target()).await);
    pair.here().guest_power_off(id).await.unwrap();
    pair.here()
        .volume_copy(pool, data, &pair.target())
        .await
        .unwrap();
    // Only raw volumes are copied: an overlay is nothing without its base.
    let system = &guest.spec.system_volume;
    assert_refused(pair.here().volume_copy(pool, system, &pair.target()).await);

    let there = GuestSpec {
        pool: pair.to.pool().to_owned(),
        ..guest.spec.clone()
    };
    pair.there().guest_define(&there).await.unwrap();
    pair.there().guest_start(id).await.unwrap();
    assert_refused(pair.here().volume_copy(pool, data, &pair.target()).await);
    pair.clean(&guest).await;
}
