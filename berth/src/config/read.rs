//! From file and environment to values: every key that is unknown or wrong becomes a problem, none
//! stops the reading.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, Table, Value as TomlValue};

use super::{
    key::{Key, Value},
    problem::{Place, Problem, line_at},
    table::{KEYS, SECTIONS},
};

/// What was set, and where; a default has no entry.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) values: BTreeMap<&'static str, (Value, Place)>,
    pub(crate) problems: Vec<Problem>,
}

/// A file's name and text.
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

/// Reads a file, then lets the environment override it.
pub(crate) fn read(
    source: Option<Source<'_>>,
    variable: impl Fn(&str) -> Option<String>,
) -> Settings {
    let mut settings = Settings::default();
    if let Some(source) = source {
        match Document::parse(source.text) {
            Ok(document) => read_sections(&source, document.as_table(), &mut settings),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                let place = source.place(offset);
                let message = error.message().trim().replace('\n', ", ");
                settings
                    .problems
                    .push(Problem::new(place, format!("not TOML: {message}")));
            }
        }
    }
    for key in KEYS {
        let name = key.variable();
        if let Some(text) = variable(&name) {
            settings.set(key, Place::Variable(name), key.parse(&text));
        }
    }
    settings
}

impl Source<'_> {
    fn place(&self, offset: usize) -> Place {
        Place::Line {
            file: self.file.to_owned(),
            line: line_at(self.text, offset),
        }
    }
}

impl Settings {
    fn set(&mut self, key: &Key, place: Place, value: Result<Value, String>) {
        match value {
            Ok(value) => drop(self.values.insert(key.name, (value, place))),
            Err(message) => {
                self.problems
                    .push(Problem::new(place, format!("{}: {message}", key.name)));
            }
        }
    }
}

fn read_sections(source: &Source<'_>, root: &Table, settings: &mut Settings) {
    for (section, item) in root {
        let place = source.place(offset_of(root, section, item));
        let known = SECTIONS.iter().any(|(name, _)| *name == section);
        match item.as_table_like() {
            Some(table) if known => {
                for (name, item) in table.iter() {
                    let offset = table.key(name).and_then(toml_edit::Key::span);
                    let offset = offset.or_else(|| item.span()).map_or(0, |span| span.start);
                    read_key(
                        &format!("{section}.{name}"),
                        item,
                        source.place(offset),
                        settings,
                    );
                }
            }
            Some(_) => {
                let message = unknown("section", section, SECTIONS.iter().map(|(name, _)| *name));
                settings.problems.push(Problem::new(place, message));
            }
            None if known => {
                let message = format!("[{section}] is a section; write its keys below it");
                settings.problems.push(Problem::new(place, message));
            }
            None => {
                let in_sections = KEYS
                    .iter()
                    .find(|key| key.name.ends_with(&format!(".{section}")));
                let message = match in_sections {
                    Some(key) => format!("{section}: belongs into a section: {}", key.name),
                    None => unknown("key", section, KEYS.iter().map(|key| key.name)),
                };
                settings.problems.push(Problem::new(place, message));
            }
        }
    }
}

fn read_key(name: &str, item: &Item, place: Place, settings: &mut Settings) {
    let Some(key) = KEYS.iter().find(|key| key.name == name) else {
        let message = unknown("key", name, KEYS.iter().map(|key| key.name));
        settings.problems.push(Problem::new(place, message));
        return;
    };
    let value = match item.as_value() {
        Some(TomlValue::String(text)) => Some(Value::Text(text.value().clone())),
        Some(TomlValue::Integer(number)) => Some(Value::Integer(*number.value())),
        _ => None,
    };
    let value = match value {
        Some(value) => key.check(value),
        None => Err(format!("must be {}", key.kind.expected())),
    };
    settings.set(key, place, value);
}

fn offset_of(table: &Table, name: &str, item: &Item) -> usize {
    let key = table.key(name).and_then(toml_edit::Key::span);
    key.or_else(|| item.span()).map_or(0, |span| span.start)
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4);
    match near {
        Some((_, known)) => format!("{name}: no such {what}; did you mean {known:?}?"),
        None => format!("{name}: no such {what}; see berth.example.toml for all"),
    }
}
