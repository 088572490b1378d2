//! A volume's definition (<https://libvirt.org/formatstorage.html#storage-volume-xml>).

use berth_model::Result;
use serde::Serialize;

use super::write;
use crate::{VolumeFormat, VolumeSpec};

/// What an overlay lies on.
pub(crate) struct Base<'a> {
    /// The file on the machine.
    pub(crate) path: &'a str,
    /// Its layout.
    pub(crate) format: VolumeFormat,
}

/// A thin volume. `base` belongs to [`crate::VolumeSource::OverlayOn`].
pub(crate) fn volume_xml(spec: &VolumeSpec, base: Option<&Base<'_>>) -> Result<String> {
    let volume = Volume {
        type_: "file",
        name: &spec.name,
        capacity: Bytes {
            unit: "bytes",
            bytes: spec.bytes,
        },
        allocation: Bytes {
            unit: "bytes",
            bytes: 0,
        },
        target: Target {
            format: Format {
                type_: format_name(spec.source.format()),
            },
        },
        backing: base.map(|base| Backing {
            path: base.path,
            format: Format {
                type_: format_name(base.format),
            },
        }),
    };
    write("volume", &volume)
}

fn format_name(format: VolumeFormat) -> &'static str {
    match format {
        VolumeFormat::Qcow2 => "qcow2",
        VolumeFormat::Raw | VolumeFormat::Other => "raw",
    }
}

#[derive(Serialize)]
struct Volume<'a> {
    #[serde(rename = "@type")]
    type_: &'static str,
    name: &'a str,
    capacity: Bytes,
    allocation: Bytes,
    target: Target,
    #[serde(rename = "backingStore", skip_serializing_if = "Option::is_none")]
    backing: Option<Backing<'a>>,
}

#[derive(Serialize)]
struct Bytes {
    #[serde(rename = "@unit")]
    unit: &'static str,
    #[serde(rename = "$text")]
    bytes: u64,
}

#[derive(Serialize)]
struct Target {
    format: Format,
}

#[derive(Serialize)]
struct Format {
    #[serde(rename = "@type")]
    type_: &'static str,
}

#[derive(Serialize)]
struct Backing<'a> {
    path: &'a str,
    format: Format,
}
