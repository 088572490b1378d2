//! When capacity ends.

/// In how many periods what is free is used up; none where it never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// If it grows as fast as in the fastest quarter of all pairs of periods.
    pub earliest: Option<i64>,
    /// If it grows as in the middle one.
    pub expected: Option<i64>,
    /// If it grows as in the slowest quarter.
    pub latest: Option<i64>,
    /// The middle growth, in thousandths for each period.
    pub rate: i64,
}

/// At the growth of the last periods (what there was at the end of each, the oldest first), with room
/// for `more`. The rate is the median of the slopes between all pairs (Theil and Sen), which a few
/// strange periods don't bend; the range is their quartiles. None with fewer than two periods.
#[must_use]
pub fn growth(history: &[i64], more: i64) -> Option<Growth> {
    let mut slopes = Vec::new();
    for (later, value) in history.iter().enumerate() {
        for (earlier, before) in history[..later].iter().enumerate() {
            let periods = i128::try_from(later - earlier).unwrap_or(i128::MAX);
            let slope = (i128::from(*value) - i128::from(*before)) * 1_000 / periods;
            slopes.push(i64::try_from(slope).unwrap_or(i64::MAX));
        }
    }
    if slopes.is_empty() {
        return None;
    }
    slopes.sort_unstable();
    let at = |quarter: usize| slopes[(slopes.len() - 1) * quarter / 4];
    // What is full needs no growth to end.
    let ends = |rate: i64| match more {
        ..=0 => Some(0),
        _ => (rate > 0).then(|| more.saturating_mul(1_000) / rate),
    };
    Some(Growth {
        earliest: ends(at(3)),
        expected: ends(at(2)),
        latest: ends(at(1)),
        rate: at(2),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_growth_ends_when_one_would_say() {
        let found = growth(&[10, 20, 30, 40], 100);
        let ends = Some(10);
        let expected = Growth {
            earliest: ends,
            expected: ends,
            latest: ends,
            rate: 10_000,
        };
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn one_strange_week_changes_little_and_shrinking_never_ends() {
        let found = growth(&[10, 20, 90, 40, 50, 60], 100).expect("a growth");
        assert_eq!(found.expected, Some(10));
        assert!(found.earliest <= found.expected && found.expected <= found.latest);
        assert_eq!(
            growth(&[30, 20, 10], 5).and_then(|found| found.expected),
            None
        );
        assert_eq!(growth(&[30], 5), None);
    }

    #[test]
    fn what_is_full_has_ended_at_any_growth() {
        let found = growth(&[21, 21, 21], 0).expect("a growth");
        let now = Some(0);
        assert_eq!(
            (found.earliest, found.expected, found.latest),
            (now, now, now)
        );
    }
}
