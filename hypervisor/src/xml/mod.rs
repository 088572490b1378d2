//! libvirt's XML as typed structures: what Berth writes, and what it reads.
//!
//! libvirt calls a guest "domain" and its element so; elsewhere in Berth a domain is a name.

mod domain;
mod facts;
mod moved;
mod volume;

use berth_model::{Error, Result};
use quick_xml::se::Serializer;
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use domain::{cdrom_empty_xml, console_name, domain_xml};
pub(crate) use facts::{Capabilities, DomainFacts, PoolXml, VolumeXml};
pub(crate) use moved::{ARRIVING, Place, domain_arriving, domain_kept};
pub(crate) use volume::{Base, volume_xml};

/// A structure as XML with the root element `root`.
fn write<T: Serialize>(root: &str, value: &T) -> Result<String> {
    let mut text = String::new();
    let mut serializer = Serializer::with_root(&mut text, Some(root)).map_err(Error::internal)?;
    serializer.indent(' ', 2);
    value.serialize(serializer).map_err(Error::internal)?;
    Ok(text)
}

/// What Berth needs of a document of libvirt's; the rest of it is passed over.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    quick_xml::de::from_str(text).map_err(Error::internal)
}

#[cfg(test)]
mod tests;
