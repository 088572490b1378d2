//! Ids and random bytes as an argument: one source, seeded in tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::{Clock, Id};

/// The counter of an id: 42 bits, all of `rand_a` and the upper 30 of `rand_b`. What is left of an
/// id, 32 bits, is random.
const COUNTER_MOST: u64 = (1 << 42) - 1;

/// A fresh counter begins in the lower half, so that at least 2^41 ids fit into a millisecond.
const COUNTER_FRESH_MOST: u64 = COUNTER_MOST >> 1;

/// Makes ids (UUIDv7 of the clock's time) and random bytes. Ids of one source grow: each is greater
/// than the one before, whatever the clock does.
#[derive(Debug)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    source: Mutex<Source>,
}

/// Where randomness comes from, and how far the ids are.
#[derive(Debug)]
struct Source {
    rng: StdRng,
    /// The millisecond of the last id.
    millis: u64,
    /// The counter of the last id.
    counter: u64,
}

impl Source {
    fn new(rng: StdRng) -> Self {
        let mut source = Self {
            rng,
            millis: 0,
            counter: 0,
        };
        source.begin(0);
        source
    }

    /// Goes on to the next id's place (RFC 9562 section 6.2): a new millisecond begins at a random
    /// counter; within one, and while the clock is behind the last id, it counts. A counter that is
    /// used up takes the next millisecond early.
    fn advance(&mut self, now: u64) {
        if now > self.millis {
            self.begin(now);
        } else if self.counter < COUNTER_MOST {
            self.counter += 1;
        } else {
            self.begin(self.millis + 1);
        }
    }

    fn begin(&mut self, millis: u64) {
        self.millis = millis;
        self.counter = self.rng.random_range(0..=COUNTER_FRESH_MOST);
    }

    fn uuid(&mut self) -> Uuid {
        let random = u128::from(self.counter) << 32 | u128::from(self.rng.next_u32());
        // Two bits of the variant lie between the counter's parts; the builder writes them.
        let low = random & ((1 << 62) - 1);
        let tail = ((random >> 62) << 64 | low).to_be_bytes();
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&tail[6..]);
        Builder::from_unix_timestamp_millis(self.millis, &bytes).into_uuid()
    }
}

impl Ids {
    /// Seeded by the operating system.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            source: Mutex::new(Source::new(StdRng::from_os_rng())),
        }
    }

    /// The same ids for the same seed and clock.
    #[must_use]
    pub fn seeded(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            clock,
            source: Mutex::new(Source::new(StdRng::seed_from_u64(seed))),
        }
    }

    /// A new id of the noun that the caller names by its type.
    #[must_use]
    pub fn next<T: Id>(&self) -> T {
        T::from(self.uuid())
    }

    /// A new UUIDv7 (RFC 9562 section 5.7), greater than all before it.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let now = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let mut source = self.lock();
        source.advance(now);
        source.uuid()
    }

    /// Random bytes, fit for secrets.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.lock().rng.fill_bytes(&mut bytes);
        bytes
    }

    /// A factor in `0.5..1.0` that spreads retries.
    #[must_use]
    pub fn jitter(&self) -> f64 {
        self.lock().rng.random_range(0.5..1.0)
    }

    fn lock(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
