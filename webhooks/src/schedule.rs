//! When to try again.

use std::time::Duration;

/// The pause after the first attempt; it doubles with each.
const BASE: Duration = Duration::from_secs(10);
/// The longest pause.
const CAP: Duration = Duration::from_secs(6 * 3600);

/// The pause after the try `tries` (from 1), of which `jitter` (0.5 to 1) is the part that is
/// waited: what failed together isn't tried again together.
pub(crate) fn pause(tries: i32, jitter: f64) -> Duration {
    let doublings = u32::try_from(tries.saturating_sub(1).clamp(0, 20)).unwrap_or(0);
    let whole = BASE.saturating_mul(1 << doublings).min(CAP);
    whole.mul_f64(jitter.clamp(0.5, 1.0))
}

/// What is waited when an endpoint asks for `asked`: no less than that, as far as the longest pause
/// goes, and no less than the pause would have been.
pub(crate) fn wait(pause: Duration, asked: Option<Duration>) -> Duration {
    pause.max(asked.unwrap_or_default().min(CAP))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Three days, as the store gives up.
    const LIMIT: Duration = Duration::from_secs(72 * 3600);

    fn clock(time: Duration) -> String {
        let seconds = time.as_secs();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        format!("{hours:3}:{minutes:02}:{:02}", seconds % 60)
    }

    /// Each attempt's time after the first, with the longest and the shortest pauses; the last is
    /// made when three days are over.
    #[test]
    fn the_schedule_is_as_written_down() {
        let mut text = String::new();
        for (name, jitter) in [("longest", 1.0), ("shortest", 0.5)] {
            text += &format!("{name} pauses\n");
            let (mut at, mut tries) = (Duration::ZERO, 1);
            loop {
                text += &format!("{tries:3} {}\n", clock(at));
                if at >= LIMIT {
                    break;
                }
                at = (at + pause(tries, jitter)).min(LIMIT);
                tries += 1;
            }
        }
        insta::assert_snapshot!(text);
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_the_cap_nor_shorter_than_half_the_base(
            tries: i32,
            jitter in 0.5..1.0_f64,
        ) {
            let pause = pause(tries, jitter);
            prop_assert!(pause <= CAP && pause >= BASE / 2, "{:?}", pause);
        }
    }
}
