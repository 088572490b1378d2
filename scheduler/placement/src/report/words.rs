//! Plain English.

/// How many names are told in a line.
const SOME: usize = 20;

/// "1 machine", "2 machines".
pub(super) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// "has" or "have".
pub(super) fn verb(number: usize, one: &'static str, several: &'static str) -> &'static str {
    if number == 1 { one } else { several }
}

/// All of them, or the first of them and how many more there are.
pub(super) fn some(names: &[String]) -> String {
    match names.len().checked_sub(SOME) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..SOME].join(", ")),
    }
}

/// Thousandths as a share of a hundred.
pub(super) fn percent(thousandths: i64) -> String {
    format!("{} %", (thousandths + 5) / 10)
}

/// Rounded to four digits, since more say nothing.
pub(super) fn rounded(amount: f64) -> f64 {
    (amount * 10_000.0).round() / 10_000.0
}
