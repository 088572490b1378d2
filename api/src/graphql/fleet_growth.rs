//! When capacity ends at the growth of the last weeks.

use async_graphql::SimpleObject;
use berth_placement::growth;

use super::{input::int, scalars::BigInt};

/// When capacity ends at the growth of the last weeks.
#[derive(Debug, PartialEq, Eq, SimpleObject)]
pub(crate) struct FleetGrowth {
    /// Deployments in the site at the end of each of the last eight weeks, the oldest first, from the first
    /// week in which there were any.
    history: Vec<i32>,
    /// Thousandths of a deployment more in each week, in the middle.
    per_week_thousandths: BigInt,
    /// In how many weeks it ends at the quickest quarter of the growth. 0: it has ended. Nothing: never.
    earliest_weeks: Option<i32>,
    /// At the growth in the middle.
    expected_weeks: Option<i32>,
    /// At the slowest quarter.
    latest_weeks: Option<i32>,
}

impl FleetGrowth {
    /// With room for so many more. Weeks before a site had sold anything are none of its growth; what
    /// is full has ended, however little it grows.
    pub(crate) fn of(history: &[i64], more: usize) -> Option<Self> {
        let first = history.iter().position(|count| *count > 0);
        let history = &history[first.unwrap_or(history.len())..];
        let is_full = more == 0;
        let found = growth(history, i64::try_from(more).unwrap_or(i64::MAX));
        if found.is_none() && !is_full {
            return None;
        }
        let weeks = |ends: Option<i64>| if is_full { Some(0) } else { ends.map(int) };
        Some(Self {
            history: history.iter().map(|count| int(*count)).collect(),
            per_week_thousandths: BigInt(found.map_or(0, |found| found.rate)),
            earliest_weeks: weeks(found.and_then(|found| found.earliest)),
            expected_weeks: weeks(found.and_then(|found| found.expected)),
            latest_weeks: weeks(found.and_then(|found| found.latest)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_site_grows_as_fast_as_it_has_since_it_began() {
        let young = FleetGrowth::of(&[0, 0, 0, 0, 10, 20, 30, 40], 50).expect("a growth");
        assert_eq!(young.history, [10, 20, 30, 40]);
        assert_eq!(young.per_week_thousandths, BigInt(10_000));
        assert_eq!(young.expected_weeks, Some(5));
        assert_eq!(
            FleetGrowth::of(&[0, 0, 3], 50),
            None,
            "one week tells nothing"
        );
    }

    #[test]
    fn a_full_site_has_ended_whether_it_grows_or_not() {
        for history in [&[0, 0, 0][..], &[0, 0, 7], &[7, 7, 7], &[9, 8, 7]] {
            let full = FleetGrowth::of(history, 0).expect("it has ended");
            let weeks = [full.earliest_weeks, full.expected_weeks, full.latest_weeks];
            assert_eq!(weeks, [Some(0); 3], "{history:?}");
        }
        let room = FleetGrowth::of(&[7, 7, 7], 1).expect("a growth of nothing");
        assert_eq!(room.expected_weeks, None);
    }
}
