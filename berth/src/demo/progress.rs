//! An operation's events as lines, one for each step that ended, with a bar below them on a
//! terminal.

use std::io::{self, IsTerminal, Write};

use berth_model::Timestamp;

use crate::client::Event;

const BAR: usize = 30;

/// A step that ended well, with how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DoneStep {
    /// Stable name.
    pub(super) name: String,
    /// In milliseconds, from its last start to its end.
    pub(super) millis: i64,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    started: Vec<(String, Timestamp)>,
    span: Option<(Timestamp, Timestamp)>,
    /// Steps that ended well, in order.
    pub(super) done: Vec<DoneStep>,
}

impl Progress {
    /// The line to print for an event, if it is worth one.
    pub(super) fn line(&mut self, event: &Event) -> Option<String> {
        let first = self.span.map_or(event.at, |(first, _)| first);
        self.span = Some((first, event.at));
        match (event.kind.as_str(), &event.step) {
            ("STEP_STARTED", Some(step)) => {
                self.started.retain(|(known, _)| known != step);
                self.started.push((step.clone(), event.at));
                None
            }
            ("STEP_DONE", Some(step)) => {
                let began = self.started.iter().find(|(known, _)| known == step);
                let millis = began.map_or(0, |(_, at)| (event.at - *at).num_milliseconds());
                // A step that runs again after a retry replaces its earlier end.
                self.done.retain(|known| known.name != *step);
                self.done.push(DoneStep {
                    name: step.clone(),
                    millis,
                });
                Some(format!(
                    "  {step:<10} {:>9}  {}",
                    seconds(millis),
                    event.message
                ))
            }
            ("STEP_FAILED", Some(step)) => {
                Some(format!("  {step:<10}    failed  {}", event.message))
            }
            (
                "RETRY" | "HANDED_BACK" | "CANCEL_REQUESTED" | "SUPERSEDED" | "FAILED"
                | "CANCELLED",
                _,
            ) => Some(format!(
                "  {:<10}            {}",
                event.kind.to_lowercase(),
                event.message
            )),
            _ => None,
        }
    }
}

impl Progress {
    /// From the first event to the last, in milliseconds: waits and lost tries included.
    pub(super) fn millis(&self) -> i64 {
        self.span
            .map_or(0, |(first, last)| (last - first).num_milliseconds())
    }
}

/// `12.3 s`
pub(super) fn seconds(millis: i64) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

/// A bar such as `[######......] 50 %  Start the guest`.
fn bar(event: &Event) -> String {
    let percent = usize::try_from(event.percent.clamp(0, 100)).unwrap_or(0);
    let full = percent * BAR / 100;
    format!(
        "[{}{}] {percent:>3} %  {}",
        "#".repeat(full),
        ".".repeat(BAR - full),
        event.message
    )
}

/// Prints progress as it comes.
pub(super) struct Printer {
    progress: Progress,
    on_terminal: bool,
}

impl Printer {
    pub(super) fn new() -> Self {
        Self {
            progress: Progress::default(),
            on_terminal: io::stdout().is_terminal(),
        }
    }

    /// Shows an event.
    pub(super) fn show(&mut self, event: &Event) {
        let line = self.progress.line(event);
        let mut text = String::new();
        if self.on_terminal {
            // Back to the line's start, and clear it: the bar makes room for what stays.
            text.push_str("\r\x1b[K");
        }
        if let Some(line) = line {
            text.push_str(&line);
            text.push('\n');
        }
        if self.on_terminal && !event.is_final() {
            text.push_str(&bar(event).chars().take(78).collect::<String>());
        }
        let mut out = io::stdout().lock();
        // Whoever read along may have left; the order goes on.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// What was seen.
    pub(super) fn into_progress(self) -> Progress {
        self.progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, step: Option<&str>, second: u32, percent: i64) -> Event {
        Event {
            number: 1,
            kind: kind.to_owned(),
            step: step.map(str::to_owned),
            percent,
            message: format!("{kind}."),
            at: format!("2026-11-22T10:00:{second:02}.5Z").parse().unwrap(),
        }
    }

    #[test]
    fn each_step_is_a_line_with_its_time() {
        let mut progress = Progress::default();
        let events = [
            event("ENQUEUED", None, 0, 0),
            event("STEP_STARTED", Some("place"), 1, 0),
            event("STEP_DONE", Some("place"), 2, 10),
            event("STEP_STARTED", Some("probe"), 2, 50),
            event("RETRY", None, 3, 50),
            event("STEP_STARTED", Some("place"), 4, 0),
            event("STEP_DONE", Some("place"), 5, 10),
            event("STEP_STARTED", Some("probe"), 6, 50),
            event("STEP_DONE", Some("probe"), 42, 90),
            event("SUCCEEDED", None, 43, 100),
        ];
        let lines: Vec<_> = events
            .iter()
            .filter_map(|event| progress.line(event))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
        let done: Vec<_> = progress
            .done
            .iter()
            .map(|step| (step.name.as_str(), step.millis))
            .collect();
        assert_eq!(done, [("place", 1000), ("probe", 36_000)]);
        assert_eq!(progress.millis(), 43_000);
    }

    #[test]
    fn the_bar_stays_within_its_bounds() {
        for (percent, full) in [(-5, 0), (0, 0), (50, 15), (100, 30), (900, 30)] {
            let shown = bar(&event("STEP_PROGRESS", Some("probe"), 0, percent));
            assert_eq!(shown.matches('#').count(), full, "{shown}");
        }
    }
}
