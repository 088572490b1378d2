//! The catalogue's files: `plans.toml`, and a file for each application.

use std::{collections::BTreeMap, path::Path};

use berth_model::Locale;
use serde::Deserialize;
use serde_json::{Value, json};

const MIB: i64 = 1 << 20;

/// What is sold.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// Applications with the version to sell.
    pub(crate) applications: Vec<Entry>,
    /// Plans.
    pub(crate) plans: Vec<Plan>,
}

/// An application's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// The application.
    pub(crate) application: Application,
    /// The version to sell.
    pub(crate) version: Version,
}

/// The application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Application {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) summary: String,
    /// The image file's name, without `.qcow2`.
    pub(crate) image: String,
    /// Name and summary in other languages.
    #[serde(default)]
    translations: BTreeMap<Language, ApplicationTexts>,
}

/// A language, written as in `[application.translations.de]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    En,
    De,
    Fr,
}

impl Language {
    fn locale(self) -> &'static str {
        let locale = match self {
            Self::En => Locale::En,
            Self::De => Locale::De,
            Self::Fr => Locale::Fr,
        };
        locale.as_str()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApplicationTexts {
    name: String,
    summary: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionTexts {
    title: String,
    description: Option<String>,
    #[serde(default)]
    choice_titles: Vec<String>,
}

/// The version to sell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    pub(crate) version: String,
    memory_mib: i64,
    vcpus: i32,
    data_mib: i64,
    shareable: bool,
    http_port: u16,
    probe: Probe,
    #[serde(default)]
    options: Vec<OptionSpec>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Probe {
    path: String,
    contains: Option<String>,
    deadline_seconds: u32,
}

/// An option: its kind follows from what is given. `choices`, `max_length` (a text), `min` and
/// `max`
/// (a number), or none of them (true or false).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionSpec {
    name: String,
    title: String,
    description: Option<String>,
    choices: Option<Vec<String>>,
    /// What the choices are called, in their order.
    #[serde(default)]
    choice_titles: Vec<String>,
    max_length: Option<u32>,
    min: Option<i64>,
    max: Option<i64>,
    default: Option<DefaultValue>,
    /// Title, description and titles of the choices in other languages.
    #[serde(default)]
    translations: BTreeMap<Language, OptionTexts>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum DefaultValue {
    Boolean(bool),
    Integer(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlansFile {
    plans: Vec<Plan>,
}

/// A plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) slug: String,
    name: String,
    hosting: String,
    memory_mib: i64,
    vcpus: i32,
    data_mib: i64,
    price_minor: i64,
    currency: String,
}

impl Catalogue {
    /// Reads every `.toml` file of a folder. The error is for people and names file and line.
    pub(crate) fn read(folder: &Path) -> Result<Self, String> {
        let failed =
            |path: &Path, cause: &dyn std::fmt::Display| format!("{}: {cause}", path.display());
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|cause| failed(folder, &cause))? {
            let path = entry.map_err(|cause| failed(folder, &cause))?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                paths.push(path);
            }
        }
        paths.sort();
        let mut catalogue = Self::default();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|cause| failed(&path, &cause))?;
            if path.file_name().is_some_and(|name| name == "plans.toml") {
                let file: PlansFile =
                    toml_edit::de::from_str(&text).map_err(|cause| failed(&path, &cause))?;
                catalogue.plans.extend(file.plans);
            } else {
                let entry =
                    toml_edit::de::from_str(&text).map_err(|cause| failed(&path, &cause))?;
                catalogue.applications.push(entry);
            }
        }
        Ok(catalogue)
    }
}

impl Entry {
    /// What `applicationPublish` takes, under this version's name and with this image.
    pub(crate) fn publish_input(&self, version: &str, image_id: &str) -> Value {
        let options: Vec<Value> = self.version.options.iter().map(OptionSpec::input).collect();
        let translations = self.application.translations.iter();
        let translations: Vec<Value> = translations
            .map(|(language, texts)| {
                json!({ "locale": language.locale(), "name": texts.name, "summary": texts.summary })
            })
            .collect();
        json!({
            "slug": self.application.slug, "name": self.application.name,
            "summary": self.application.summary, "translations": translations, "version": version, "imageId": image_id,
            "memoryBytes": self.version.memory_mib * MIB, "vcpus": self.version.vcpus,
            "dataBytes": self.version.data_mib * MIB, "shareable": self.version.shareable,
            "httpPort": self.version.http_port, "options": options,
            "probe": {
                "path": self.version.probe.path, "contains": self.version.probe.contains,
                "deadlineSeconds": self.version.probe.deadline_seconds,
            },
        })
    }
}

impl OptionSpec {
    fn input(&self) -> Value {
        let default = self.default.as_ref().map(|default| match default {
            DefaultValue::Boolean(value) => json!({ "boolean": value }),
            DefaultValue::Integer(value) => json!({ "integer": value }),
            DefaultValue::Text(value) => json!({ "text": value }),
        });
        let kind = if self.choices.is_some() {
            "CHOICE"
        } else if self.max_length.is_some() {
            "TEXT"
        } else if self.min.is_some() || self.max.is_some() {
            "INTEGER"
        } else {
            "BOOLEAN"
        };
        let translations = self.translations.iter();
        let translations: Vec<Value> = translations
            .map(|(language, texts)| {
                json!({
                    "locale": language.locale(), "title": texts.title,
                    "description": texts.description, "choiceTitles": texts.choice_titles,
                })
            })
            .collect();
        json!({
            "name": self.name, "title": self.title, "description": self.description, "kind": kind,
            "default": default, "choiceTitles": self.choice_titles, "translations": translations,
            "choices": self.choices, "maxLength": self.max_length, "min": self.min, "max": self.max,
        })
    }
}

impl Plan {
    /// What `planCreate` takes.
    pub(crate) fn create_input(&self) -> Value {
        json!({
            "slug": self.slug, "name": self.name, "hosting": self.hosting,
            "memoryBytes": self.memory_mib * MIB, "vcpus": self.vcpus, "dataBytes": self.data_mib * MIB,
            "price": {"minor": self.price_minor, "currency": self.currency},
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_of_this_repository_can_be_read() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../catalogue"));
        let catalogue = Catalogue::read(folder).unwrap();
        let inputs: Vec<Value> = catalogue
            .applications
            .iter()
            .map(|entry| entry.publish_input(&entry.version.version, "img_0"))
            .chain(catalogue.plans.iter().map(Plan::create_input))
            .collect();
        insta::assert_json_snapshot!(inputs);
        // Every application has a plan that it fits into.
        for entry in &catalogue.applications {
            let fits = |plan: &Plan| {
                plan.memory_mib >= entry.version.memory_mib
                    && plan.vcpus >= entry.version.vcpus
                    && plan.data_mib >= entry.version.data_mib
            };
            assert!(
                catalogue.plans.iter().any(fits),
                "{}",
                entry.application.slug
            );
        }
        // Everybody reads it in their own language.
        let locales = Locale::ALL.iter().filter(|locale| **locale != Locale::En);
        for (locale, entry) in locales.flat_map(|locale| {
            let entries = catalogue.applications.iter();
            entries.map(move |entry| (locale.as_str(), entry))
        }) {
            let slug = &entry.application.slug;
            let known = |language: &Language| language.locale() == locale;
            let application = entry.application.translations.keys();
            assert!(application.into_iter().any(known), "{slug}: {locale}");
            for option in &entry.version.options {
                let translated = option.translations.keys().any(known);
                assert!(translated, "{slug}: {}: {locale}", option.name);
            }
        }
    }

    #[test]
    fn a_mistake_is_told_with_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[plans]]\nslug = \"a\"\nprise = 5\n";
        std::fs::write(folder.path().join("plans.toml"), text).unwrap();
        let told = Catalogue::read(folder.path()).unwrap_err();
        assert!(
            told.contains("plans.toml") && told.contains("line 3"),
            "{told}"
        );
    }
}
