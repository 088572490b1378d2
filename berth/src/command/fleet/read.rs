//! Reads a fleet from a file.

use std::{
    io::{self, Read},
    path::Path,
};

use berth_placement::file::{DomainFile, FileError, FleetFile, Loaded, SurviveFile, from_ganeti};

use crate::{
    cli::{self, FleetPolicy},
    failure::{Exit, Failure},
};

/// In place of a file's name.
const STANDARD_INPUT: &str = "-";
/// Some editors write it before UTF-8.
const MARK: char = '\u{feff}';

/// JSON if it begins like it, else Ganeti's text format.
pub(super) fn fleet(from: &cli::FleetFile) -> Result<Loaded, Failure> {
    let text = text(&from.file)?;
    loaded(&text, &from.policy).map_err(|why| wrong(&from.file, &why))
}

/// What is in a file, with line ends as everywhere.
pub(super) fn text(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match is_standard_input(file) {
        true => io::stdin().lock().read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::new(Exit::Unreachable, format!("{}: {error}", file.display())))?;
    plain(bytes).map_err(|why| wrong(file, &why))
}

pub(super) fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == STANDARD_INPUT
}

/// What is wrong with a file; each mistake on a line of its own.
pub(super) fn wrong(file: &Path, why: &str) -> Failure {
    let file = match is_standard_input(file) {
        true => "standard input".into(),
        false => file.display().to_string(),
    };
    let between = if why.contains('\n') { ":\n" } else { ": " };
    Failure::new(Exit::Failed, format!("{file}{between}{}", shown(why)))
}

fn plain(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|_| "It isn't text in UTF-8.".to_owned())?;
    let text = text.strip_prefix(MARK).unwrap_or(&text);
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn loaded(text: &str, policy: &FleetPolicy) -> Result<Loaded, String> {
    let mut fleet: FleetFile = match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| error.to_string())?,
        false => from_ganeti(text).map_err(|error| error.to_string())?,
    };
    policy_set(&mut fleet, policy)?;
    Loaded::new(&fleet).map_err(|error| error.to_string())
}

/// What the command line says counts.
fn policy_set(fleet: &mut FleetFile, policy: &FleetPolicy) -> Result<(), String> {
    if let Some(domain) = policy.survive {
        let domain = match domain {
            cli::Domain::Machine => DomainFile::Machine,
            cli::Domain::Rack => DomainFile::Rack,
            cli::Domain::Site => DomainFile::Site,
        };
        let failures = fleet.survive.map_or(1, |survive| survive.failures);
        fleet.survive = Some(SurviveFile { domain, failures });
    }
    if let Some(failures) = policy.failures {
        let survive = fleet.survive.as_mut();
        let survive = survive.ok_or("With --failures, --survive has to say of what.")?;
        survive.failures = failures;
    }
    fleet.tenant_cap = policy.tenant_cap.or(fleet.tenant_cap);
    fleet.spread |= policy.spread;
    Ok(())
}

/// A library's message may repeat what is in the file, with characters that a terminal would obey.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() && letter != '\n' {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JSON: &str = r#"{
  "machines": [{ "name": "m1", "physical": { "memory": 8 } }, { "name": "m2", "physical": { "memory": 8 } }],
  "plans": [{ "name": "small", "sizes": { "memory": 2 } }],
  "vms": [{ "name": "a", "plan": "small", "machine": "m1", "tenant": "t" }]
}
"#;

    fn read(bytes: &[u8]) -> Result<Loaded, String> {
        loaded(&plain(bytes.to_vec())?, &FleetPolicy::default())
    }

    fn refused(text: &str) -> String {
        read(text.as_bytes()).expect_err("not a fleet")
    }

    #[test]
    fn marks_and_line_ends_of_other_systems_are_read() {
        let marked = format!("\u{feff}{JSON}");
        let windows = JSON.replace('\n', "\r\n");
        let old = JSON.replace('\n', "\r");
        for text in [JSON, &marked, &windows, &old, &format!("\n  {JSON}")] {
            assert_eq!(read(text.as_bytes()).expect("a fleet").machines.len(), 2);
        }
    }

    #[test]
    fn what_is_no_fleet_is_refused_with_what_was_expected() {
        for text in [
            "",
            "hello world\n",
            "[]",
            "[{\"name\": \"m1\"}]",
            "name,memory\nm1,8\n",
            "\n",
        ] {
            let told = refused(text);
            assert!(
                told.contains("neither JSON") && told.contains("Ganeti"),
                "{text}: {told}"
            );
        }
        assert!(read(&[0xff, 0xfe, b'{', 0]).is_err());
    }

    #[test]
    fn a_fleet_without_machines_is_refused() {
        assert_eq!(
            refused("{ \"machines\": [] }"),
            "the fleet: it has no machines."
        );
        assert!(refused("{}").contains("missing field `machines`"));
    }

    #[test]
    fn a_dimension_that_is_there_twice_is_refused() {
        let told = refused(&JSON.replace("{ \"memory\": 2 }", "{ \"memory\": 2, \"memory\": 3 }"));
        assert!(
            told.starts_with("the dimension \"memory\" is there twice"),
            "{told}"
        );
    }

    #[test]
    fn the_command_line_counts_more_than_the_file() {
        let survive = r#"{ "survive": { "domain": "rack", "failures": 2 },"#;
        let file = JSON.replacen('{', survive, 1);
        let policy = FleetPolicy {
            survive: Some(cli::Domain::Machine),
            failures: Some(1),
            tenant_cap: Some(3),
            spread: true,
        };
        let found = loaded(&file, &policy).expect("a fleet").fleet.policy();
        assert_eq!(found.survive, Some(berth_placement::Survive::MACHINE));
        assert_eq!((found.tenant_cap, found.spread), (Some(3), true));
    }

    #[test]
    fn failures_of_nothing_are_refused() {
        let policy = FleetPolicy {
            failures: Some(1),
            ..FleetPolicy::default()
        };
        let told = loaded(JSON, &policy).expect_err("of what?");
        assert_eq!(told, "With --failures, --survive has to say of what.");
    }

    #[test]
    fn nothing_in_a_message_moves_the_cursor() {
        let told = refused("{ \"\\u001b[2Jx\": 1, \"machines\": [] }");
        let failure = wrong(Path::new("fleet.json"), &told);
        assert!(!failure.message.contains('\u{1b}'), "{told:?}");
        assert!(failure.message.contains("\\u{1b}[2Jx"), "{failure}");
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_reading_ends(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn whatever_is_cut_or_changed_reading_ends(at in 0..JSON.len(), with in any::<char>(), cut in any::<bool>()) {
            let mut text = JSON.to_owned();
            text.truncate(if cut { at } else { text.len() });
            if !cut {
                text.replace_range(at..=at, &with.to_string());
            }
            let _ = read(text.as_bytes());
        }
    }
}
