//! What should be even, by the names of dimensions.

use super::Loaded;
use crate::{
    fleet::{DIMENSIONS, State},
    plan::Balance,
};

/// The name of the number of virtual machines among dimensions.
const COUNT: &str = "count";

impl Loaded {
    /// Every dimension that all active machines have, alike; not how many virtual machines there are,
    /// since a small machine should have fewer.
    #[must_use]
    pub fn balance(&self) -> Balance {
        let mut dimensions = [0; DIMENSIONS];
        let mut limits = self
            .fleet
            .machines()
            .filter(|machine| self.fleet.state(*machine) == State::Active)
            .map(|machine| self.fleet.limit(machine));
        let Some(mut least) = limits.next() else {
            return Balance::default();
        };
        for limit in limits {
            for (least, limit) in least.iter_mut().zip(limit) {
                *least = (*least).min(limit);
            }
        }
        for (weight, least) in dimensions.iter_mut().zip(least) {
            *weight = if least > 0 { 1_000 } else { 0 };
        }
        Balance {
            dimensions,
            count: 0,
        }
    }

    /// From `memory=1,vcpus=0.5,count=4`: what isn't named needn't be even.
    ///
    /// # Errors
    ///
    /// With what to say, if there is no such dimension, or a weight is no number.
    pub fn balance_of(&self, text: &str) -> Result<Balance, String> {
        let mut balance = Balance {
            dimensions: [0; DIMENSIONS],
            count: 0,
        };
        for part in text.split(',') {
            let (name, weight) = part
                .split_once('=')
                .and_then(|(name, weight)| Some((name.trim(), thousandths(weight.trim())?)))
                .ok_or_else(|| {
                    format!("\"{part}\" isn't a name and a weight, such as memory=1.")
                })?;
            if name == COUNT {
                balance.count = weight;
                continue;
            }
            let known = self.fleet.dimensions();
            let position = known.iter().position(|known| known == name);
            let position = position.ok_or_else(|| {
                format!(
                    "There is no dimension \"{name}\": there are {}, and {COUNT}.",
                    known.join(", ")
                )
            })?;
            balance.dimensions[position] = weight;
        }
        Ok(balance)
    }

    /// The dimensions that should be even, with their weights where they aren't 1.
    #[must_use]
    pub fn balance_text(&self, balance: &Balance) -> String {
        let weights = self.fleet.dimensions().iter().zip(balance.dimensions);
        let count = "number of virtual machines".to_owned();
        let parts: Vec<String> = weights
            .map(|(name, weight)| (name.clone(), weight))
            .chain([(count, balance.count)])
            .filter(|(_, weight)| *weight != 0)
            .map(|(name, weight)| match weight {
                1_000 => name,
                weight => format!("{name} × {}", weight as f64 / 1_000.0),
            })
            .collect();
        parts.join(", ")
    }
}

/// Up to a thousand, with up to three digits after the point.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.chars().all(|one| one.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(part) || part.len() > 3 {
        return None;
    }
    let whole: i64 = whole.parse().ok().filter(|whole| *whole <= 1_000)?;
    let part = format!("{part:0<3}");
    Some(whole * 1_000 + part.parse::<i64>().ok()?)
}
