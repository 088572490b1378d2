//! Ids and random bytes as an argument: one source, seeded in tests.

use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::{Clock, Id};

/// Makes ids (UUIDv7 of the clock's time) and random bytes.
#[derive(Debug)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    rng: Mutex<StdRng>,
}

impl Ids {
    /// Seeded by the operating system.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            rng: Mutex::new(StdRng::from_os_rng()),
        }
    }

    /// The same ids for the same seed and clock.
    #[must_use]
    pub fn seeded(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            clock,
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }

    /// A new id of the noun that the caller names by its type.
    #[must_use]
    pub fn next<T: Id>(&self) -> T {
        T::from(self.uuid())
    }

    /// A new UUIDv7 (RFC 9562 section 5.7).
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// Random bytes, fit for secrets.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes
    }

    /// A factor in `0.5..1.0` that spreads retries.
    #[must_use]
    pub fn jitter(&self) -> f64 {
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random_range(0.5..1.0)
    }
}
