//! Checks of arguments that several mutations share; each error names the argument.

use berth_model::{Error, Result, message};

/// A text of `1..=max` characters without control characters.
pub(crate) fn text(field: &str, value: &str, max: usize) -> Result<()> {
    let good = !value.trim().is_empty()
        && value.chars().count() <= max
        && !value.chars().any(char::is_control);
    if good {
        Ok(())
    } else {
        Err(Error::invalid(
            field,
            message!(
                "Give 1 to {max} characters on one line, not only spaces.",
                max
            ),
        ))
    }
}

/// The same, where there is one.
pub(crate) fn text_opt(field: &str, value: Option<&str>, max: usize) -> Result<()> {
    value.map_or(Ok(()), |value| text(field, value, max))
}

/// A short name for addresses and scripts.
pub(crate) fn slug(field: &str, value: &str) -> Result<()> {
    let mut bytes = value.bytes();
    let good = (2..=40).contains(&value.len())
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if good {
        Ok(())
    } else {
        Err(Error::invalid(
            field,
            "Give 2 to 40 of a-z, 0-9 and hyphen, beginning with a letter, such as matrix-small.",
        ))
    }
}

/// A number within limits, both included. `unit` says what is counted, such as ` bytes`.
pub(crate) fn range<N: PartialOrd + std::fmt::Display>(
    field: &str,
    value: N,
    least: N,
    most: N,
    unit: &str,
) -> Result<()> {
    if value >= least && value <= most {
        Ok(())
    } else {
        Err(Error::invalid(
            field,
            message!(
                "Give a number from {least} to {most}{unit}.",
                least,
                most,
                unit
            ),
        ))
    }
}

/// The most virtual CPUs of a virtual machine.
pub(crate) const VCPUS_MOST: i32 = 256;

/// The most bytes of anything: 1 PiB, so that no sum of them overflows.
pub(crate) const BYTES_MOST: i64 = 1 << 50;

/// Memory of 16 MiB at least and a data volume of 1 MiB at least: less boots nothing.
pub(crate) fn size(memory_field: &str, data_field: &str, memory: i64, data: i64) -> Result<()> {
    range(memory_field, memory, 16 << 20, BYTES_MOST, " bytes")?;
    range(data_field, data, 1 << 20, BYTES_MOST, " bytes")
}
