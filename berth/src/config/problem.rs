//! Mistakes in a configuration, each with its place.

use std::fmt;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What, and what to do.
    pub message: String,
}

/// Where something was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the file, at a line from 1.
    Line {
        /// The file, as it was named.
        file: String,
        /// From 1.
        line: usize,
    },
    /// In a variable of the environment.
    Variable(String),
    /// Nowhere: it is missing, or a default.
    Nowhere,
}

impl Problem {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Line { file, line } => write!(f, "{file}:{line}: {}", self.message),
            Place::Variable(name) => write!(f, "{name}: {}", self.message),
            Place::Nowhere => f.write_str(&self.message),
        }
    }
}

/// The line, from 1, of a place in a text.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    before.matches('\n').count() + 1
}
