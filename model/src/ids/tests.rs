//! Ids grow, whatever the clock does.

use std::{collections::HashSet, sync::Arc, thread};

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use uuid::{Uuid, Variant, Version};

use super::{COUNTER_MOST, Ids, Source};
use crate::{Clock, ManualClock};

/// A clock that stands in 2026, and ids by it.
fn ids(seed: u64) -> (Arc<ManualClock>, Ids) {
    let clock = ManualClock::new(DateTime::from_timestamp_millis(1_790_000_000_000).unwrap());
    let clock = Arc::new(clock);
    (clock.clone(), Ids::seeded(clock, seed))
}

fn millis(id: Uuid) -> u64 {
    let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
    seconds * 1_000 + u64::from(nanos) / 1_000_000
}

/// The clock's way: it stands, ticks, leaps, and goes back by anything.
fn move_by() -> impl Strategy<Value = TimeDelta> {
    let micros = prop_oneof![
        Just(0),
        -1_000..1_000_i64,
        -5_000_000..5_000_000_i64,
        -100_000_000_000_000..100_000_000_000_000_i64,
    ];
    micros.prop_map(TimeDelta::microseconds)
}

proptest! {
    #[test]
    fn ids_grow_whatever_the_clock_does(
        seed in any::<u64>(),
        moves in prop::collection::vec((move_by(), 1..20_usize), 1..50),
    ) {
        let (clock, ids) = ids(seed);
        let (mut last, mut latest) = (Uuid::nil(), 0);
        for (by, count) in moves {
            clock.advance(by);
            latest = latest.max(u64::try_from(clock.now().timestamp_millis()).unwrap());
            for _ in 0..count {
                let id = ids.uuid();
                prop_assert!(id > last, "{} after {}", id, last);
                prop_assert!(id.to_string() > last.to_string());
                prop_assert_eq!(id.get_version(), Some(Version::SortRand));
                prop_assert_eq!(id.get_variant(), Variant::RFC4122);
                prop_assert_eq!(millis(id), latest);
                last = id;
            }
        }
    }

    #[test]
    fn the_same_seed_and_clock_make_the_same_ids(seed in any::<u64>()) {
        let make = || {
            let (clock, ids) = ids(seed);
            [0, 0, 1, -5].map(|by| {
                clock.advance(TimeDelta::milliseconds(by));
                ids.uuid()
            })
        };
        prop_assert_eq!(make(), make());
    }
}

#[test]
fn a_used_up_counter_takes_the_next_millisecond_early() {
    let (_, ids) = ids(1);
    let first = ids.uuid();
    ids.lock().counter = COUNTER_MOST - 1;
    let (last, beyond) = (ids.uuid(), ids.uuid());
    assert!(first < last && last < beyond);
    assert_eq!(millis(last), millis(first));
    assert_eq!(millis(beyond), millis(first) + 1);
    let after = ids.uuid();
    assert!(after > beyond, "counts on while the clock is behind");
    assert_eq!(millis(after), millis(beyond));
}

#[test]
fn every_bit_of_the_counter_is_in_the_id_and_in_its_order() {
    let mut source = Source::new(rand::SeedableRng::seed_from_u64(1));
    let mut last = Uuid::nil();
    for bit in 0..42 {
        source.counter = 1 << bit;
        let id = source.uuid();
        assert!(id > last, "bit {bit}");
        last = id;
    }
}

#[test]
fn threads_share_one_order() {
    const EACH: usize = 2_000;
    let (clock, ids) = ids(1);
    let made: Vec<Vec<Uuid>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let (clock, ids) = (&clock, &ids);
                scope.spawn(move || {
                    let one = |_| {
                        clock.advance(TimeDelta::microseconds(thread * 20 - 30));
                        ids.uuid()
                    };
                    (0..EACH).map(one).collect()
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for own in &made {
        assert!(own.is_sorted(), "what one thread makes grows");
    }
    let all: HashSet<Uuid> = made.into_iter().flatten().collect();
    assert_eq!(all.len(), 4 * EACH);
}
