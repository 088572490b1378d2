//! What `imageCreate` wants to know of a file.

use std::{path::Path, process::Command};

/// SHA-256, size and virtual size of a qcow2 file, told by `sha256sum` and the file's own header.
#[must_use]
pub fn image_facts(file: &Path) -> (String, i64, i64) {
    let output = Command::new("sha256sum").arg(file).output().unwrap();
    let sha256 = String::from_utf8(output.stdout).unwrap()[..64].to_owned();
    let bytes = std::fs::read(file).unwrap();
    assert_eq!(
        &bytes[..4],
        b"QFI\xfb",
        "{} is no qcow2 file",
        file.display()
    );
    let virtual_size = i64::from_be_bytes(bytes[24..32].try_into().unwrap());
    (sha256, i64::try_from(bytes.len()).unwrap(), virtual_size)
}
