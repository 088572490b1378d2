//! End to end in the lab: real libvirt, real guests, the API over HTTP. The tests share three machines, so
//! each takes the lab for itself.

#![expect(clippy::unwrap_used, reason = "a test's help fails where it stands")]

mod lab_tests {
    pub mod guest;
    mod hostile;
    mod life;
    mod race;
}
