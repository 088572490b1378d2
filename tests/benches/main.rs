//! `make bench`: figures as ratios within one run, beside a peer that does the same work with nothing
//! of Berth in it. Each round measures both, one after the other, so that what else the machine does
//! meets both alike; medians of the rounds are compared.
//!
//! `cargo bench --package berth-tests -- order page walls claims` with the parts of scripts/bench up. `ROUNDS=3` is a quick
//! look.

#![expect(clippy::unwrap_used, reason = "it fails where it stands")]
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

mod claims;
mod order;
mod page;
mod recording;
mod rounds;
mod walls;

use berth_tests::Lab;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    let rounds = std::env::var("ROUNDS").map_or(20, |text| text.parse().unwrap());
    if wanted("order") {
        let lab = Lab::alone().await;
        order::run(&lab, rounds).await;
        lab.sweep();
    }
    if wanted("page") {
        page::run(rounds).await;
    }
    if wanted("walls") {
        walls::run(rounds).await;
    }
    if wanted("claims") {
        claims::run(rounds).await;
    }
}
