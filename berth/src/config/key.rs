//! The table of everything that can be set: the one place that names a key, its kind, its limits,
//! its default and what it means. Reading, checking, showing and the example file all walk it.

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;

/// A key of `berth.toml`, and by its name in capitals a variable: `database.url` is
/// `BERTH_DATABASE_URL`.
pub(crate) struct Key {
    /// `section.name`
    pub(crate) name: &'static str,
    /// What values it takes.
    pub(crate) kind: Kind,
    /// What it is without a word.
    pub(crate) default: Default,
    /// Never shown.
    pub(crate) secret: bool,
    /// For people, one or more sentences.
    pub(crate) doc: &'static str,
}

/// What values a key takes.
pub(crate) enum Kind {
    Text,
    Integer {
        min: i64,
        max: i64,
    },
    Choice(&'static [&'static str]),
    /// IP address and port to listen on.
    Listen,
    /// A path, relative to the working folder.
    Path,
    /// `postgres://user:password@host:port/database`
    DatabaseUrl,
    /// `http://…` or `https://…`
    WebUrl,
    Email,
    /// Networks, separated by commas: `198.51.100.0/24, 2001:db8::/32`
    Networks,
}

/// What a key is when nobody sets it.
#[derive(Clone, Copy)]
pub(crate) enum Default {
    /// It must be set.
    Required,
    /// Nothing.
    Absent,
    Text(&'static str),
    Integer(i64),
}

/// A value as it was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
}

impl Key {
    /// The variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("BERTH_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// The value, if it may be one; else what it must be.
    pub(crate) fn check(&self, value: Value) -> Result<Value, String> {
        let good = match (&self.kind, &value) {
            (Kind::Integer { min, max }, Value::Integer(number)) => (min..=max).contains(&number),
            (Kind::Choice(choices), Value::Text(text)) => choices.contains(&text.as_str()),
            (Kind::Listen, Value::Text(text)) => text.parse::<SocketAddr>().is_ok(),
            (Kind::Text | Kind::Path, Value::Text(text)) => !text.is_empty(),
            (Kind::DatabaseUrl, Value::Text(text)) => url_is(text, &["postgres", "postgresql"]),
            (Kind::WebUrl, Value::Text(text)) => url_is(text, &["http", "https"]),
            (Kind::Email, Value::Text(text)) => text.parse::<berth_model::EmailAddress>().is_ok(),
            (Kind::Networks, Value::Text(text)) => networks(text).is_some(),
            _ => false,
        };
        if good {
            Ok(value)
        } else {
            Err(format!("must be {}", self.kind.expected()))
        }
    }

    /// The value in a variable's text.
    pub(crate) fn parse(&self, text: &str) -> Result<Value, String> {
        let value = match self.kind {
            Kind::Integer { .. } => text.trim().parse().ok().map(Value::Integer),
            _ => Some(Value::Text(text.to_owned())),
        };
        match value {
            Some(value) => self.check(value),
            None => Err(format!("must be {}", self.kind.expected())),
        }
    }
}

impl Kind {
    /// What a value must be, for people.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Text => "a text in quotes, not empty".to_owned(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Choice(choices) => {
                let quoted: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Self::Listen => "an IP address with a port, such as \"127.0.0.1:8800\"".to_owned(),
            Self::Path => "a path in quotes".to_owned(),
            Self::DatabaseUrl => {
                "a database's address, such as \"postgres://user:password@host:5432/berth\""
                    .to_owned()
            }
            Self::WebUrl => "a web address, such as \"https://berth.example.org\"".to_owned(),
            Self::Networks => {
                "networks in quotes, such as \"198.51.100.0/24, 2001:db8::/32\"".to_owned()
            }
            Self::Email => "an e-mail address, such as \"berth@example.org\"".to_owned(),
        }
    }
}

impl Value {
    /// As in TOML.
    pub(crate) fn toml(&self) -> String {
        match self {
            Self::Text(text) => toml_edit::Value::from(text.as_str()).to_string(),
            Self::Integer(number) => number.to_string(),
        }
    }

    /// As a path.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Text(text) => Some(PathBuf::from(text)),
            Self::Integer(_) => None,
        }
    }
}

impl Default {
    /// As a value.
    pub(crate) fn value(self) -> Option<Value> {
        match self {
            Self::Required | Self::Absent => None,
            Self::Text(text) => Some(Value::Text(text.to_owned())),
            Self::Integer(number) => Some(Value::Integer(number)),
        }
    }
}

/// The networks that a text lists; none if it is wrong.
pub(crate) fn networks(text: &str) -> Option<Vec<IpNet>> {
    text.split(',')
        .map(|part| part.trim().parse().ok())
        .collect()
}

fn url_is(text: &str, schemes: &[&str]) -> bool {
    reqwest::Url::parse(text)
        .is_ok_and(|url| schemes.contains(&url.scheme()) && url.host_str().is_some())
}
