//! A guest's definition as another machine must have it. libvirt takes no other guest for the same
//! one, so that all the rest of its own document has to stay as it is.

use berth_model::{Error, Result};
use quick_xml::{
    Reader, Writer, XmlVersion,
    events::{BytesStart, Event},
};

/// The namespace of the mark in a guest's metadata that it has arrived, or is about to, but must
/// not go on yet. A name, not an address.
pub(crate) const ARRIVING: &str = "https://berth.invalid/arriving/1";

/// A pool: its name, and its folder on its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) pool: String,
    pub(crate) path: String,
}

/// Of a definition that is kept for the next start: disks and console log in the other pool.
pub(crate) fn domain_kept(xml: &str, from: &Place, to: &Place) -> Result<String> {
    rewritten(xml, |element| match element.name.as_str() {
        "source" => element.set("pool", |pool| (pool == from.pool).then(|| to.pool.clone())),
        _ => log_moved(element, from, to),
    })
}

/// Of a guest as it runs: also with the mark that it is arriving, and its disks as files. libvirt 9
/// looks for the file of a disk that it shall copy into, finds none for a volume of a pool, and
/// then wants to make it and can't (`qemuMigrationDstPrecreateStorage`).
pub(crate) fn domain_arriving(xml: &str, from: &Place, to: &Place) -> Result<String> {
    let mut is_disk = false;
    let arriving = rewritten(xml, |element| match element.name.as_str() {
        // The drive of the seed is empty, and has nothing that could be a file.
        "disk" => {
            is_disk = element.get("device") == Some("disk");
            if is_disk {
                element.set("type", |kind| (kind == "volume").then(|| "file".into()));
            }
        }
        "source" if is_disk && element.get("pool") == Some(&from.pool) => {
            let volume = element.get("volume").unwrap_or_default();
            let file = format!("{}/{volume}", to.path);
            element.attributes = vec![("file".into(), file)];
        }
        "source" if is_disk => element.set("file", |file| path_moved(file, from, to)),
        _ => log_moved(element, from, to),
    })?;
    // All of Berth's guests have metadata, and none has these letters anywhere else.
    let marked = format!("<metadata><berth-move:arriving xmlns:berth-move=\"{ARRIVING}\"/>");
    Ok(arriving.replacen("<metadata>", &marked, 1))
}

fn log_moved(element: &mut Element, from: &Place, to: &Place) {
    if element.name == "log" {
        element.set("file", |file| path_moved(file, from, to));
    }
}

fn path_moved(file: &str, from: &Place, to: &Place) -> Option<String> {
    let rest = file.strip_prefix(&from.path)?;
    rest.starts_with('/').then(|| format!("{}{rest}", to.path))
}

/// An element's beginning.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    fn read(element: &BytesStart<'_>) -> Result<Self> {
        let mut attributes = Vec::new();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(Error::internal)?;
            let value = attribute
                .normalized_value(XmlVersion::default())
                .map_err(Error::internal)?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self {
            name: element.name().as_ref().to_owned(),
            attributes,
        })
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Changes an attribute if it is there, and `change` knows another value.
    fn set(&mut self, key: &str, change: impl Fn(&str) -> Option<String>) {
        for (name, value) in &mut self.attributes {
            if name == key
                && let Some(other) = change(value)
            {
                *value = other;
            }
        }
    }

    fn write(self) -> BytesStart<'static> {
        let mut element = BytesStart::new(self.name);
        for (key, value) in &self.attributes {
            element.push_attribute((key.as_str(), value.as_str()));
        }
        element
    }
}

/// A document with each element's beginning as `change` leaves it.
fn rewritten(xml: &str, mut change: impl FnMut(&mut Element)) -> Result<String> {
    let mut reader = Reader::from_str(xml);
    let mut writer = Writer::new(Vec::new());
    let mut changed = |element: &BytesStart<'_>| -> Result<_> {
        let mut element = Element::read(element)?;
        change(&mut element);
        Ok(element.write())
    };
    loop {
        let event = match reader.read_event().map_err(Error::internal)? {
            Event::Eof => break,
            Event::Start(element) => Event::Start(changed(&element)?),
            Event::Empty(element) => Event::Empty(changed(&element)?),
            event => event,
        };
        writer.write_event(event).map_err(Error::internal)?;
    }
    String::from_utf8(writer.into_inner()).map_err(Error::internal)
}
