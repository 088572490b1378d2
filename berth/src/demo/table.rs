//! The table at the end.

/// Rows of a name and a text, which may have several lines; names are padded to one width.
pub(super) fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, text) in rows {
        for (index, line) in text.lines().enumerate() {
            let name = if index == 0 { name } else { "" };
            out.push_str(format!("  {name:<width$}  {line}").trim_end());
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn lines_stand_below_each_other() {
        let shown = table(&[
            ("plan", "small".to_owned()),
            ("machine", "m1\nm2: full".to_owned()),
        ]);
        assert_eq!(
            shown,
            "  plan     small\n  machine  m1\n           m2: full\n"
        );
    }
}
