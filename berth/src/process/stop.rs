//! A graceful stop: the first SIGTERM or SIGINT asks, the second ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a process that was told twice: 128 and SIGINT.
const EXIT_AT_ONCE: i32 = 130;

/// A token that the first signal cancels. To be called once, inside the runtime.
pub(crate) fn on_signal() -> std::io::Result<CancellationToken> {
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    tokio::spawn(watch(terminate, interrupt, token.clone()));
    Ok(token)
}

async fn watch(mut terminate: Signal, mut interrupt: Signal, token: CancellationToken) {
    either(&mut terminate, &mut interrupt).await;
    tracing::info!("stopping: what runs is finished or handed back; a second signal ends at once");
    token.cancel();
    either(&mut terminate, &mut interrupt).await;
    tracing::warn!("told twice: ending at once");
    std::process::exit(EXIT_AT_ONCE);
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
