//! How long to wait before the next try.

use std::time::Duration;

/// The wait after the try `attempts` (from 1): `base`, doubled with every try, `cap` at most, and
/// of that the part `jitter` (0.5 to 1), so that what failed together isn't tried again together.
pub(crate) fn backoff(base: Duration, cap: Duration, attempts: i32, jitter: f64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 30)).unwrap_or(0);
    let whole = base.saturating_mul(1 << doublings).min(cap);
    whole.mul_f64(jitter.clamp(0.5, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: Duration = Duration::from_secs(1);
    const CAP: Duration = Duration::from_secs(300);

    #[test]
    fn it_doubles_up_to_the_cap() {
        let waits: Vec<u64> = (1..=11)
            .map(|n| backoff(BASE, CAP, n, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    proptest! {
        #[test]
        fn it_is_never_longer_than_the_cap_nor_shorter_than_half_the_base(
            attempts in any::<i32>(),
            jitter in 0.5..1.0_f64,
        ) {
            let wait = backoff(BASE, CAP, attempts, jitter);
            prop_assert!(wait <= CAP && wait >= BASE / 2, "{wait:?}");
        }
    }
}
