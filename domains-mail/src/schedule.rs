//! When to try again.

use std::time::Duration;

use berth_model::NoticeKind;

/// The pause after the first attempt; it doubles with each.
const BASE: Duration = Duration::from_secs(10);
/// The longest pause before a code, which somebody waits for.
const CODE_CAP: Duration = Duration::from_secs(60);
/// The longest pause before anything else.
const CAP: Duration = Duration::from_secs(6 * 3600);

/// The pause after attempt `attempt` (from 1), of which `jitter` (0.5 to 1) is the part that is
/// waited: what failed together isn't tried again together.
pub(crate) fn pause(kind: NoticeKind, attempt: i32, jitter: f64) -> Duration {
    let cap = if kind.is_code() { CODE_CAP } else { CAP };
    let doublings = u32::try_from(attempt.saturating_sub(1).clamp(0, 20)).unwrap_or(0);
    let whole = BASE.saturating_mul(1 << doublings).min(cap);
    whole.mul_f64(jitter.clamp(0.5, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(kind: NoticeKind) -> Vec<u64> {
        let pauses = (1..=14).map(|attempt| pause(kind, attempt, 1.0).as_secs());
        pauses.collect()
    }

    #[test]
    fn pauses_grow_and_codes_wait_a_minute_at_most() {
        let code = whole(NoticeKind::PasswordReset);
        assert_eq!(code[..5], [10, 20, 40, 60, 60]);
        let other = whole(NoticeKind::DeploymentRunning);
        assert_eq!(other[..5], [10, 20, 40, 80, 160]);
        assert_eq!(other[13], 6 * 3600);
    }

    #[test]
    fn nothing_overflows() {
        for attempt in [i32::MIN, 0, i32::MAX] {
            let waits = pause(NoticeKind::Invitation, attempt, f64::MAX);
            assert!(waits >= BASE / 2 && waits <= CAP);
        }
    }
}
