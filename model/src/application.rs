//! Applications, their versions, and the options that an operator can set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ApplicationId, ApplicationVersionId, Error, ImageId, Locale, Message, Result, Timestamp,
    message,
};

/// A catalogue entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// A short name for addresses and scripts: `^[a-z][a-z0-9-]{1,39}$`, unique.
    pub slug: String,
    /// For people.
    pub name: String,
    /// One sentence for the shop.
    pub summary: String,
    /// Both in other languages.
    pub translations: Translations<ApplicationTexts>,
    /// When it was first published.
    pub created_at: Timestamp,
}

/// What people read, in the languages that it was translated to.
pub type Translations<T> = BTreeMap<Locale, T>;

/// What people read of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationTexts {
    /// See [`Application::name`].
    pub name: String,
    /// See [`Application::summary`].
    pub summary: String,
}

impl Application {
    /// Its name in a language, if it was translated.
    #[must_use]
    pub fn name_in(&self, locale: Locale) -> &str {
        let translated = self.translations.get(&locale);
        translated.map_or(&self.name, |texts| &texts.name)
    }

    /// Its summary in a language, if it was translated.
    #[must_use]
    pub fn summary_in(&self, locale: Locale) -> &str {
        let translated = self.translations.get(&locale);
        translated.map_or(&self.summary, |texts| &texts.summary)
    }
}

/// A pinned release of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationVersion {
    /// Its id.
    pub id: ApplicationVersionId,
    /// Of which application.
    pub application_id: ApplicationId,
    /// As its makers number it.
    pub version: String,
    /// The base disk.
    pub image_id: ImageId,
    /// The least memory that a plan must give, in bytes.
    pub memory_bytes: i64,
    /// The least virtual CPUs that a plan must give.
    pub vcpus: i32,
    /// The least data volume that a plan must give, in bytes.
    pub data_bytes: i64,
    /// Whether several deployments of it can live in one virtual machine.
    pub shareable: bool,
    /// The TCP port that it answers HTTP on, told apart by the Host header.
    pub http_port: u16,
    /// How one sees that it is healthy.
    pub probe: Probe,
    /// What an operator can set.
    pub options: Vec<OptionSpec>,
    /// When it was published.
    pub created_at: Timestamp,
}

/// An HTTP request whose answer tells health: status 200 and, if given, a text in the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Absolute path, such as `/health`.
    pub path: String,
    /// A text that the body must contain.
    pub contains: Option<String>,
    /// How long a start may take until the deployment counts as degraded, in seconds.
    pub deadline_seconds: u32,
}

/// The values of a deployment's options, by name.
pub type Options = BTreeMap<String, OptionValue>;

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OptionValue {
    /// Of [`OptionKind::Boolean`].
    Boolean(bool),
    /// Of [`OptionKind::Integer`].
    Integer(i64),
    /// Of [`OptionKind::Text`] and [`OptionKind::Choice`].
    Text(String),
}

/// What an operator can set, as the image's makers declare it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionSpec {
    /// `^[a-z][a-zA-Z0-9]{0,39}$`
    pub name: String,
    /// What values it takes.
    pub kind: OptionKind,
    /// Taken when the operator gives none; without it the option is required.
    pub default: Option<OptionValue>,
    /// For people.
    #[serde(flatten)]
    pub texts: OptionTexts,
    /// The same in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub translations: Translations<OptionTexts>,
}

/// What people read of an option.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionTexts {
    /// What it is called.
    pub title: String,
    /// What it is for, and what a choice means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the choices are called, in their order; empty: as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choice_titles: Vec<String>,
}

impl OptionSpec {
    /// What people read of it in a language, as far as it was translated.
    #[must_use]
    pub fn texts_in(&self, locale: Locale) -> OptionTexts {
        let own = self.texts.clone();
        let Some(translated) = self.translations.get(&locale).cloned() else {
            return own;
        };
        OptionTexts {
            title: translated.title,
            description: translated.description.or(own.description),
            choice_titles: match translated.choice_titles.is_empty() {
                true => own.choice_titles,
                false => translated.choice_titles,
            },
        }
    }
}

/// What values an option takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OptionKind {
    /// `true` or `false`.
    Boolean,
    /// A number within limits, both included.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A text.
    Text {
        /// The most characters.
        max_length: u32,
    },
    /// One of these.
    Choice {
        /// The choices.
        choices: Vec<String>,
    },
}

/// What `applicationPublish` takes: an application (made, or found by its slug) and a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationPublish {
    /// Of the application.
    pub slug: String,
    /// Of the application; replaces the earlier one.
    pub name: String,
    /// Of the application; replaces the earlier one.
    pub summary: String,
    /// Of the application; replaces the earlier ones.
    pub translations: Translations<ApplicationTexts>,
    /// As its makers number it; new for this application.
    pub version: String,
    /// The base disk.
    pub image_id: ImageId,
    /// See [`ApplicationVersion::memory_bytes`].
    pub memory_bytes: i64,
    /// See [`ApplicationVersion::vcpus`].
    pub vcpus: i32,
    /// See [`ApplicationVersion::data_bytes`].
    pub data_bytes: i64,
    /// See [`ApplicationVersion::shareable`].
    pub shareable: bool,
    /// See [`ApplicationVersion::http_port`].
    pub http_port: u16,
    /// See [`ApplicationVersion::probe`].
    pub probe: Probe,
    /// See [`ApplicationVersion::options`].
    pub options: Vec<OptionSpec>,
}

/// Fills in defaults and checks every value; the error names the option.
pub fn options_check(specs: &[OptionSpec], given: &Options) -> Result<Options> {
    if let Some(name) = given
        .keys()
        .find(|name| !specs.iter().any(|spec| &spec.name == *name))
    {
        return Err(refused(message!(
            "The option \"{name}\" is not an option of this application version.",
            name
        )));
    }
    let mut checked = Options::new();
    for spec in specs {
        let value = given
            .get(&spec.name)
            .or(spec.default.as_ref())
            .ok_or_else(|| {
                let name = &spec.name;
                refused(message!("The option \"{name}\" is required.", name))
            })?;
        option_check(spec, value)?;
        checked.insert(spec.name.clone(), value.clone());
    }
    Ok(checked)
}

fn option_check(spec: &OptionSpec, value: &OptionValue) -> Result<()> {
    let name = &spec.name;
    match (&spec.kind, value) {
        (OptionKind::Boolean, OptionValue::Boolean(_)) => Ok(()),
        (OptionKind::Integer { min, max }, OptionValue::Integer(number)) => {
            if (min..=max).contains(&number) {
                Ok(())
            } else {
                Err(refused(message!(
                    "The option \"{name}\" must be from {min} to {max}.",
                    name,
                    min,
                    max
                )))
            }
        }
        (OptionKind::Text { max_length }, OptionValue::Text(text)) => {
            if text.chars().count() > *max_length as usize {
                Err(refused(message!(
                    "The option \"{name}\" has more than {max_length} characters.",
                    name,
                    max_length
                )))
            } else if text.chars().any(char::is_control) {
                Err(refused(message!(
                    "The option \"{name}\" has a control character.",
                    name
                )))
            } else {
                Ok(())
            }
        }
        (OptionKind::Choice { choices }, OptionValue::Text(text)) => {
            if choices.contains(text) {
                Ok(())
            } else {
                Err(refused(message!(
                    "The option \"{name}\" must be one of {choices}.",
                    name,
                    choices = choices.join(", ")
                )))
            }
        }
        (OptionKind::Boolean, _) => Err(refused(message!(
            "The option \"{name}\" must be true or false.",
            name
        ))),
        (OptionKind::Integer { .. }, _) => Err(refused(message!(
            "The option \"{name}\" must be a whole number.",
            name
        ))),
        (OptionKind::Text { .. } | OptionKind::Choice { .. }, _) => Err(refused(message!(
            "The option \"{name}\" must be a text.",
            name
        ))),
    }
}

fn refused(message: Message) -> Error {
    Error::invalid("options", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs() -> Vec<OptionSpec> {
        let spec = |name: &str, kind, default| OptionSpec {
            name: name.to_owned(),
            kind,
            default,
            texts: OptionTexts {
                title: name.to_owned(),
                ..Default::default()
            },
            translations: Translations::new(),
        };
        vec![
            spec(
                "open",
                OptionKind::Boolean,
                Some(OptionValue::Boolean(false)),
            ),
            spec("users", OptionKind::Integer { min: 1, max: 100 }, None),
        ]
    }

    #[test]
    fn defaults_are_filled_in() {
        let given = Options::from([("users".to_owned(), OptionValue::Integer(3))]);
        let checked = options_check(&specs(), &given).unwrap();
        assert_eq!(checked["open"], OptionValue::Boolean(false));
    }

    #[test]
    fn what_was_not_translated_is_told_as_it_is() {
        let kept = r#"{
            "name": "registration", "title": "Who can register", "description": "Anybody or nobody.",
            "kind": { "kind": "CHOICE", "choices": ["OPEN", "CLOSED"] }, "default": "OPEN",
            "choice_titles": ["Anybody", "Nobody"],
            "translations": { "DE": { "title": "Wer sich anmelden kann" } }
        }"#;
        let spec: OptionSpec = serde_json::from_str(kept).unwrap();
        let german = spec.texts_in(Locale::De);
        assert_eq!(german.title, "Wer sich anmelden kann");
        assert_eq!(german.description, spec.texts.description);
        assert_eq!(german.choice_titles, ["Anybody", "Nobody"]);
        assert_eq!(spec.texts_in(Locale::Fr), spec.texts);
        let written = serde_json::to_value(&spec).unwrap();
        assert_eq!(serde_json::from_value::<OptionSpec>(written).unwrap(), spec);
    }

    #[test]
    fn what_an_earlier_berth_kept_is_read() {
        let kept = r#"{ "name": "open", "title": "Open", "kind": { "kind": "BOOLEAN" }, "default": null }"#;
        let spec: OptionSpec = serde_json::from_str(kept).unwrap();
        assert_eq!(spec.texts_in(Locale::En).title, "Open");
        assert_eq!(spec.default, None);
    }

    #[test]
    fn each_wrong_option_is_named() {
        for (name, value) in [
            ("users", OptionValue::Integer(0)),
            ("users", OptionValue::Text("3".to_owned())),
            ("unknown", OptionValue::Boolean(true)),
        ] {
            let error =
                options_check(&specs(), &Options::from([(name.to_owned(), value)])).unwrap_err();
            assert!(error.message().contains(name), "{error}");
            assert_eq!(error.field(), Some("options"));
        }
        assert!(
            options_check(&specs(), &Options::new())
                .unwrap_err()
                .message()
                .contains("required")
        );
    }
}
