//! What is wrong with a file.

use crate::fleet::FleetError;

/// So many mistakes are told; the others are counted.
const MOST_TOLD: usize = 20;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where: `machine "m1"`, `line 6`.
    pub at: String,
    /// What.
    pub why: String,
}

/// What is wrong with a file, or with what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// Something is named that isn't there: what it is, and its name.
    Unknown(&'static str, String),
    /// The file can't be used: everything that is wrong with it, at most once for each entry.
    Mistakes(Vec<Mistake>),
}

impl FileError {
    /// A line can't be read: its number, and why.
    #[must_use]
    pub fn line(number: usize, why: impl Into<String>) -> Self {
        Self::at(format!("line {number}"), why)
    }

    pub(super) fn at(at: impl Into<String>, why: impl Into<String>) -> Self {
        let (at, why) = (at.into(), why.into());
        Self::Mistakes(vec![Mistake { at, why }])
    }
}

impl std::fmt::Display for FileError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mistakes = match self {
            Self::Unknown(what, name) => return write!(to, "There is no {what} {name:?}."),
            Self::Mistakes(mistakes) => mistakes,
        };
        for (number, mistake) in mistakes.iter().take(MOST_TOLD).enumerate() {
            let end = if number == 0 { "" } else { "\n" };
            write!(to, "{end}{}: {}.", mistake.at, mistake.why)?;
        }
        match mistakes.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            1 => write!(to, "\nThere is one more mistake."),
            more => write!(to, "\nThere are {more} more mistakes."),
        }
    }
}

impl std::error::Error for FileError {}

impl From<FleetError> for FileError {
    fn from(error: FleetError) -> Self {
        let why = match error {
            FleetError::TooManyDimensions => "it has too many dimensions",
            FleetError::TooManyNodes => "something has too many NUMA nodes",
        };
        Self::at("the fleet", why)
    }
}
