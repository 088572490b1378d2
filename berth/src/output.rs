//! What commands say on standard output and standard error. A reader that has left is no mistake.

use std::io::{self, Write};

/// A line on standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    let _ = writeln!(io::stdout().lock(), "{}", text.as_ref());
}

/// Text on standard output, as it is.
pub(crate) fn text(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    let _ = out
        .write_all(text.as_ref().as_bytes())
        .and_then(|()| out.flush());
}

/// A line on standard error.
pub(crate) fn complain(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
}
