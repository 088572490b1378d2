//! What was measured in all rounds, of Berth and of its peer.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::time::Duration;

/// Pairs of one quantity.
#[derive(Debug, Default)]
pub struct Rounds(Vec<(f64, f64)>);

impl Rounds {
    /// Adds a round.
    pub fn push(&mut self, berth: f64, peer: f64) {
        self.0.push((berth, peer));
    }

    /// Adds a round of durations, in seconds.
    pub fn push_times(&mut self, berth: Duration, peer: Duration) {
        self.push(berth.as_secs_f64(), peer.as_secs_f64());
    }

    /// One row: both medians, their ratio, and the middle half of the rounds' own ratios.
    pub fn print(&self, what: &str, unit: &str, aim: &str) {
        let berth = quantile(self.0.iter().map(|pair| pair.0), 0.5);
        let peer = quantile(self.0.iter().map(|pair| pair.1), 0.5);
        let ratios = || self.0.iter().map(|pair| pair.0 / pair.1);
        println!(
            "{what:<34} {berth:>9.3} {peer:>9.3} {unit:<5} {:>6.2}  ({:.2} to {:.2})  {aim}",
            berth / peer,
            quantile(ratios(), 0.25),
            quantile(ratios(), 0.75),
        );
    }

    /// The heading above rows.
    pub fn heading(peer: &str, rounds: usize) {
        println!("\nmedians of {rounds}, in turn; peer: {peer}");
        println!(
            "{:<34} {:>9} {:>9} {:<5} {:>6}  (middle half)",
            "", "Berth", "peer", "", "ratio"
        );
    }
}

/// The middle of all.
pub fn median(values: &[f64]) -> f64 {
    quantile(values.iter().copied(), 0.5)
}

/// The value below which the part `at` of all lies, between neighbours in proportion.
pub fn quantile(values: impl Iterator<Item = f64>, at: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a handful of rounds"
    )]
    let (place, below) = {
        let place = at * (values.len() - 1) as f64;
        (place.fract(), place as usize)
    };
    let above = values[(below + 1).min(values.len() - 1)];
    values[below] + (above - values[below]) * place
}
