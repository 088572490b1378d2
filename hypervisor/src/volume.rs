//! Volumes and storage pools: what Berth asks for, and what it finds.

/// A volume as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Its name in the pool.
    pub name: String,
    /// As a guest sees it, in bytes.
    pub bytes: u64,
    /// What it begins as.
    pub source: VolumeSource,
}

/// What a volume begins as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeSource {
    /// Empty, raw and thin: a data volume, a seed, or an image about to be uploaded.
    Empty,
    /// An empty qcow2 file of unspecified inner size: filled by an upload.
    Qcow2Upload,
    /// A thin qcow2 overlay on another volume (qcow2) of the pool, not smaller than it: a system
    /// disk.
    OverlayOn(String),
}

impl VolumeSource {
    /// The layout of a volume that begins so.
    #[must_use]
    pub fn format(&self) -> VolumeFormat {
        match self {
            Self::Empty => VolumeFormat::Raw,
            Self::Qcow2Upload | Self::OverlayOn(_) => VolumeFormat::Qcow2,
        }
    }
}

/// How a volume's bytes are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum VolumeFormat {
    /// Byte for byte.
    Raw,
    /// qcow2.
    Qcow2,
    /// Something else that the pool holds.
    Other,
}

/// A volume as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeFacts {
    /// Its name in the pool.
    pub name: String,
    /// Its layout.
    pub format: VolumeFormat,
    /// As a guest sees it, in bytes.
    pub bytes: u64,
    /// What it takes in the pool now, in bytes.
    pub allocated_bytes: u64,
}

/// A storage pool as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFacts {
    /// In bytes.
    pub capacity_bytes: u64,
    /// Taken now, in bytes.
    pub allocated_bytes: u64,
    /// Free now, in bytes.
    pub available_bytes: u64,
}
