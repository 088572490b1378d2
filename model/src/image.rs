//! Images: base disks of guests.

use std::{fmt, str::FromStr};

use crate::{Error, ImageId, Result, Timestamp};

/// A SHA-256 digest, as 64 hexadecimal digits in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("sha256", "Give the SHA-256 as 64 hexadecimal digits.");
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

impl serde::Serialize for Sha256 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A base disk in qcow2 that keeps the guest contract (docs/guest-contract.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// For people; unique.
    pub name: String,
    /// Of the file. The file is found by it in the image store, and checked on every machine.
    pub sha256: Sha256,
    /// Of the file, in bytes.
    pub size_bytes: i64,
    /// Of the disk that a guest sees, in bytes: the size of a system disk.
    pub virtual_bytes: i64,
    /// When it was made known.
    pub created_at: Timestamp,
}

/// What `imageCreate` takes. The file itself is brought by `berth image import`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ImageCreate {
    /// 1 to 100 characters, unique.
    pub name: String,
    /// Of the file.
    pub sha256: Sha256,
    /// Of the file, in bytes.
    pub size_bytes: i64,
    /// Of the disk that a guest sees, in bytes.
    pub virtual_bytes: i64,
}
