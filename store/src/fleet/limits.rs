//! Up to where counters may grow: what is the machine's, without what others use.

/// Whether so much more memory fits, on a row of `machines`.
macro_rules! memory_fits {
    ($more:literal) => {
        concat!(
            "memory_used_bytes + ",
            $more,
            " <= memory_bytes - memory_reserve_bytes - memory_foreign_bytes"
        )
    };
}

/// Whether so many more virtual CPUs fit, on a row of `machines`.
macro_rules! vcpus_fit {
    ($more:literal) => {
        concat!(
            "vcpus_used + ",
            $more,
            " <= cpus::bigint * vcpu_overcommit_percent / 100 - vcpus_foreign"
        )
    };
}

/// Whether so much more disk fits, on a row of `storage_pools`.
macro_rules! disk_fits {
    ($more:literal) => {
        concat!("used_bytes + ", $more, " <= capacity_bytes - foreign_bytes")
    };
}

pub(super) use {disk_fits, memory_fits, vcpus_fit};
