//! What is in force, without secrets.

use std::fmt::Write;

use super::{
    file_text,
    problem::{Place, Problem},
    read,
    table::{KEYS, SECTIONS},
};

/// All keys with their values and where each comes from, as TOML. Secrets are not shown.
pub fn show(file: Option<&str>) -> Result<String, Vec<Problem>> {
    let (text, name) = file_text(file)?;
    let source = text
        .as_deref()
        .map(|text| read::Source { file: &name, text });
    show_source(source, |name| std::env::var(name).ok())
}

pub(crate) fn show_source(
    source: Option<read::Source<'_>>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, Vec<Problem>> {
    let settings = read::read(source, variable);
    if !settings.problems.is_empty() {
        return Err(settings.problems);
    }
    let mut out = String::new();
    for (section, _) in SECTIONS {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}[{section}]");
        let prefix = format!("{section}.");
        for key in KEYS.iter().filter(|key| key.name.starts_with(&prefix)) {
            let set = settings.values.get(key.name);
            let origin = match set {
                Some((_, Place::Line { file, line })) => format!("{file}:{line}"),
                Some((_, Place::Variable(name))) => name.clone(),
                Some((_, Place::Nowhere)) | None => "default".to_owned(),
            };
            let value = set
                .map(|(value, _)| value.clone())
                .or_else(|| key.default.value());
            let name = &key.name[prefix.len()..];
            let _ = match value {
                Some(_) if key.secret => writeln!(out, "{name} = \"(not shown)\"  # {origin}"),
                Some(value) => writeln!(out, "{name} = {}  # {origin}", value.toml()),
                None => writeln!(out, "# {name} is not set"),
            };
        }
    }
    Ok(out)
}
