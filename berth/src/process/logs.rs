//! Structured logs on standard error.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::Log;

/// Begins to log, panics included. The error is for people: a filter that can't be read.
pub(crate) fn start(config: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|cause| format!("log.filter {:?}: {cause}", config.filter))?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = if config.json {
        registry.with(layer.json().flatten_event(true)).try_init()
    } else {
        registry.with(layer).try_init()
    };
    started.map_err(|cause| cause.to_string())?;
    std::panic::set_hook(Box::new(panic_log));
    Ok(())
}

/// A panic as a log entry, with its place. In a task it ends that task alone.
fn panic_log(info: &std::panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("(no text)");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let backtrace = std::backtrace::Backtrace::capture();
    tracing::error!(place, %backtrace, "panic: {message}");
}
