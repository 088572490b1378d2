//! libvirt's event loop: one thread for all connections of the process.

use std::{sync::OnceLock, thread, time::Duration};

use virt::{error::Error, event};

static STARTED: OnceLock<Result<(), Error>> = OnceLock::new();

/// Starts the loop once. It must run before the first connection is opened: a connection takes part
/// in it only if it is registered by then (`virEventRegisterDefaultImpl`).
pub(super) fn start() -> Result<(), Error> {
    STARTED.get_or_init(register).clone()
}

fn register() -> Result<(), Error> {
    // Else libvirt writes every error to stderr, besides returning it.
    virt::error::clear_error_callback();
    event::event_register_default_impl()?;
    let spawned = thread::Builder::new()
        .name("libvirt-events".into())
        .spawn(run);
    // Without the thread keepalives don't work: better no connection at all.
    spawned.map(drop).map_err(|error| {
        tracing::error!(%error, "libvirt's event loop can't start");
        Error::last_error()
    })
}

fn run() {
    loop {
        if let Err(error) = event::event_run_default_impl() {
            tracing::error!(%error, "libvirt's event loop failed; it goes on");
            // An error that stays must not take a whole CPU.
            thread::park_timeout(Duration::from_secs(1));
        }
    }
}
