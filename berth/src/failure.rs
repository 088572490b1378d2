//! How a command fails: clear lines and an exit code that scripts can tell apart.

use std::fmt;

use berth_model::{Error, ErrorCode};

use crate::config::Problem;

/// A command's end that isn't its aim.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// What scripts see.
    pub exit: Exit,
    /// For people: one or more lines, each saying what to do.
    pub message: String,
}

/// Exit codes. 2 is a command line that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for didn't work.
    Failed = 1,
    /// The API, the database or a file can't be reached.
    Unreachable = 3,
    /// The API refused what was asked of it.
    Refused = 4,
    /// An operation ended without success.
    Operation = 5,
    /// The application doesn't do what it should.
    Application = 6,
    /// A question about a fleet was answered, and something would be lost, left or refused.
    Left = 7,
}

impl Failure {
    /// With a message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match error.code() {
            ErrorCode::Unavailable => Exit::Unreachable,
            _ => Exit::Failed,
        };
        // Who runs a command may see the cause; it is the log's reader.
        let cause = error.cause_text();
        let message = error.message();
        let text = if cause.is_empty() {
            message.to_owned()
        } else {
            format!("{message} ({cause})")
        };
        Self::new(exit, text)
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Self::new(Exit::Failed, lines.join("\n"))
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::new(Exit::Failed, message)
    }
}
