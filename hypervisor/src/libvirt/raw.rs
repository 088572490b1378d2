//! What `virt` lacks, lifecycle events above all: a safe wrapper over `virt-sys`. All of Berth's
//! `unsafe`.
//!
//! libvirt calls back on the thread of the event loop, with a pointer that we gave it. The pointer
//! is a boxed [`Sink`], owned by libvirt from the registration until it calls our `free`.
#![expect(unsafe_code, reason = "callbacks of a C library that no crate wraps")]

use std::{
    ffi::{c_int, c_void},
    mem,
    sync::Arc,
};

use uuid::Uuid;
use virt::{connect::Connect, domain::Domain, error::Error};
use virt_sys as sys;

/// Gives up what is going on with a guest: a move (`virDomainAbortJob`).
pub(super) fn abort_job(domain: &Domain) -> Result<(), Error> {
    // SAFETY: the guest is held by `domain` during the call.
    if unsafe { sys::virDomainAbortJob(domain.as_ptr()) } < 0 {
        return Err(Error::last_error());
    }
    Ok(())
}

/// What a connection reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Something happened to a guest.
    Guest(Uuid),
    /// The connection is gone: nothing more will come.
    Closed,
}

/// Takes signals, on the event loop's thread: it must neither block nor panic.
pub(super) type Sink = Arc<dyn Fn(Signal) + Send + Sync>;

/// A connection whose events go to a [`Sink`]. Dropping it may wait for the machine.
pub(super) struct Subscription {
    connect: Connect,
    callback: c_int,
}

impl Subscription {
    /// Subscribes (`virConnectRegisterCloseCallback`, `virConnectDomainEventRegisterAny`).
    pub(super) fn new(connect: Connect, sink: &Sink) -> Result<Self, Error> {
        close_register(&connect, sink)?;
        let subscribed = lifecycle_register(&connect, sink);
        if subscribed.is_err() {
            close_unregister(&connect);
        }
        Ok(Self {
            callback: subscribed?,
            connect,
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // SAFETY: the connection is open until `self.connect` is dropped, and the number came from
        // its registration. Without this the registration would keep the connection alive for ever.
        unsafe { sys::virConnectDomainEventDeregisterAny(self.connect.as_ptr(), self.callback) };
        close_unregister(&self.connect);
    }
}

fn close_register(connect: &Connect, sink: &Sink) -> Result<(), Error> {
    let opaque = into_opaque(sink);
    // SAFETY: the connection is open; `closed` and `free` have the types that libvirt asks for, and
    // `opaque` stays valid until libvirt calls `free` with it.
    let result = unsafe {
        sys::virConnectRegisterCloseCallback(connect.as_ptr(), Some(closed), opaque, Some(free))
    };
    registered(result, opaque).map(drop)
}

fn close_unregister(connect: &Connect) {
    // SAFETY: the connection is open, and `closed` is what was registered.
    unsafe { sys::virConnectUnregisterCloseCallback(connect.as_ptr(), Some(closed)) };
}

fn lifecycle_register(connect: &Connect, sink: &Sink) -> Result<c_int, Error> {
    // SAFETY: libvirt keeps callbacks of all kinds as one generic function type and calls each with
    // the arguments of its event; those of `lifecycle` belong to VIR_DOMAIN_EVENT_ID_LIFECYCLE.
    // Both are plain function pointers.
    let callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void) =
        unsafe { mem::transmute(lifecycle as LifecycleCallback) };
    let opaque = into_opaque(sink);
    // SAFETY: as in `close_register`; a null guest stands for all of them.
    let result = unsafe {
        sys::virConnectDomainEventRegisterAny(
            connect.as_ptr(),
            std::ptr::null_mut(),
            sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE as c_int,
            Some(callback),
            opaque,
            Some(free),
        )
    };
    registered(result, opaque)
}

/// Takes back what libvirt did not take: it calls `free` only for what it registered.
fn registered(result: c_int, opaque: *mut c_void) -> Result<c_int, Error> {
    if result < 0 {
        let error = Error::last_error();
        free(opaque);
        return Err(error);
    }
    Ok(result)
}

type LifecycleCallback =
    extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, c_int, c_int, *mut c_void) -> c_int;

extern "C" fn lifecycle(
    _: sys::virConnectPtr,
    guest: sys::virDomainPtr,
    _event: c_int,
    _detail: c_int,
    opaque: *mut c_void,
) -> c_int {
    let mut id = [0; 16];
    // SAFETY: libvirt holds the guest during the callback, and `id` has VIR_UUID_BUFLEN bytes.
    if unsafe { sys::virDomainGetUUID(guest, id.as_mut_ptr()) } == 0 {
        send(opaque, Signal::Guest(Uuid::from_bytes(id)));
    }
    0
}

extern "C" fn closed(_: sys::virConnectPtr, _reason: c_int, opaque: *mut c_void) {
    send(opaque, Signal::Closed);
}

fn send(opaque: *mut c_void, signal: Signal) {
    // SAFETY: `opaque` came from `into_opaque` and was not freed: libvirt calls `free` last.
    let sink = unsafe { &*opaque.cast::<Sink>() };
    sink(signal);
}

fn into_opaque(sink: &Sink) -> *mut c_void {
    Box::into_raw(Box::new(Arc::clone(sink))).cast()
}

extern "C" fn free(opaque: *mut c_void) {
    // SAFETY: `opaque` came from `into_opaque`; libvirt calls this once, or we do if it took
    // nothing.
    drop(unsafe { Box::from_raw(opaque.cast::<Sink>()) });
}
