//! Buckets: how much of something may be done at once, and how much after a while. Each is somebody's
//! (`K`): a token's, a tenant's, an address's.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Clock, Timestamp};

/// A bucket that empties as it is used and fills up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// What it holds when full.
    pub size: i64,
    /// What comes back each second.
    pub restore_per_second: i64,
}

/// All buckets of this process.
#[derive(Debug)]
pub struct Buckets<K> {
    clock: Arc<dyn Clock>,
    most: usize,
    levels: Mutex<HashMap<K, Level>>,
}

/// What a bucket held at a time, in thousandths: a second's part comes back too.
#[derive(Clone, Copy, Debug)]
struct Level {
    milli: i64,
    at: Timestamp,
    bucket: Bucket,
}

impl Level {
    fn now(self, now: Timestamp) -> i64 {
        let millis = (now - self.at).num_milliseconds().max(0);
        let back = millis.saturating_mul(self.bucket.restore_per_second);
        self.milli
            .saturating_add(back)
            .min(self.bucket.size.saturating_mul(1000))
    }
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    /// Empty; keeps `most` buckets at most.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, most: usize) -> Self {
        Self {
            clock,
            most,
            levels: Mutex::default(),
        }
    }

    /// Takes a cost from every bucket, or from none. `Ok`: what is left in the emptiest. `Err`: in
    /// how many seconds there will be enough.
    pub fn take(&self, from: &[(K, Bucket)], cost: i64) -> Result<i64, i64> {
        let now = self.clock.now();
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if levels.len().saturating_add(from.len()) > self.most {
            // A full bucket is as good as none.
            levels.retain(|_, level| level.now(now) < level.bucket.size.saturating_mul(1000));
        }
        let cost = cost.saturating_mul(1000);
        let mut left = i64::MAX;
        let mut wait = 0;
        let held: Vec<i64> = from
            .iter()
            .map(|(key, bucket)| {
                levels
                    .get(key)
                    .map_or(bucket.size.saturating_mul(1000), |level| level.now(now))
            })
            .collect();
        for ((_, bucket), milli) in from.iter().zip(&held) {
            left = left.min(milli - cost);
            if *milli < cost {
                let rate = bucket.restore_per_second.max(1).saturating_mul(1000);
                wait = wait.max((cost - milli + rate - 1) / rate);
            }
        }
        if wait > 0 {
            return Err(wait);
        }
        for ((key, bucket), milli) in from.iter().zip(held) {
            let level = Level {
                milli: milli - cost,
                at: now,
                bucket: *bucket,
            };
            levels.insert(key.clone(), level);
        }
        Ok(left / 1000)
    }

    /// Gives a cost back that was taken from these buckets, up to what each holds when full. What
    /// is left in the emptiest.
    pub fn give_back(&self, to: &[(K, Bucket)], cost: i64) -> i64 {
        let now = self.clock.now();
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let left = to.iter().map(|(key, bucket)| {
            let full = bucket.size.saturating_mul(1000);
            // A bucket that isn't kept is full.
            let Some(level) = levels.get_mut(key) else {
                return full;
            };
            let back = cost.saturating_mul(1000);
            level.milli = level.now(now).saturating_add(back).min(full);
            level.at = now;
            level.milli
        });
        left.min().unwrap_or_default() / 1000
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::ManualClock;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        let buckets = Buckets::new(Arc::clone(&clock) as Arc<dyn Clock>, 10);
        let key = 1;
        let small = [(
            key,
            Bucket {
                size: 10,
                restore_per_second: 2,
            },
        )];
        assert_eq!(buckets.take(&small, 8), Ok(2));
        assert_eq!(buckets.take(&small, 8), Err(3));
        clock.advance(TimeDelta::seconds(3));
        assert_eq!(buckets.take(&small, 8), Ok(0));
        clock.advance(TimeDelta::hours(1));
        assert_eq!(buckets.take(&small, 1), Ok(9));
    }

    #[test]
    fn what_is_given_back_fills_a_bucket_and_no_more() {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        let buckets = Buckets::new(Arc::clone(&clock) as Arc<dyn Clock>, 10);
        let bucket = |size| Bucket {
            size,
            restore_per_second: 1,
        };
        let both = [(1, bucket(10)), (2, bucket(100))];
        assert_eq!(buckets.take(&both, 8), Ok(2));
        assert_eq!(buckets.take(&both, 8), Err(6), "held while it runs");
        assert_eq!(buckets.give_back(&both, 7), 9);
        assert_eq!(buckets.take(&both, 9), Ok(0));
        clock.advance(TimeDelta::seconds(9));
        assert_eq!(buckets.give_back(&both, 9), 10);
        assert_eq!(buckets.take(&both, 11), Err(1));
        let unknown = [(3, bucket(5))];
        assert_eq!(buckets.give_back(&unknown, 3), 5);
    }

    #[test]
    fn a_refusal_takes_from_no_bucket() {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        let buckets = Buckets::new(clock, 10);
        let large = (
            1,
            Bucket {
                size: 100,
                restore_per_second: 1,
            },
        );
        let small = (
            2,
            Bucket {
                size: 10,
                restore_per_second: 1,
            },
        );
        assert!(buckets.take(&[large, small], 50).is_err());
        assert_eq!(buckets.take(&[large], 100), Ok(0));
    }
}
