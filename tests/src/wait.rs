//! Waiting for a thing, with a limit.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Asks `look` until it has an answer. Panics with `tell`'s text when the limit is over.
pub async fn until<T, F: Future<Output = Option<T>>>(
    limit: Duration,
    mut look: impl FnMut() -> F,
    tell: impl Fn() -> String,
) -> T {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(40));
    loop {
        ticks.tick().await;
        if let Some(answer) = look().await {
            return answer;
        }
        assert!(
            started.elapsed() < limit,
            "not within {limit:?}: {}",
            tell()
        );
    }
}
