//! End to end in the lab: real libvirt, real guests, the API over HTTP. The tests share three machines, so
//! each takes the lab for itself.

mod lab_tests {
    pub mod guest;
    mod hostile;
    mod life;
    mod race;
}
