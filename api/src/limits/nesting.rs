//! Brackets in a document's text, counted before it is parsed: the parser is recursive, so a text
//! of a few hundred kilobytes of brackets would otherwise end the process by its stack.

use berth_model::{Result, message};

use super::exceeded;

/// Twice what the deepest allowed document with the deepest useful input needs.
const NESTING_MAX: usize = 64;

/// Refuses a text with brackets nested too deep. Strings and comments don't count
/// (GraphQL October 2021, sections 2.1.4 and 2.9.4).
pub(crate) fn nesting_check(text: &str) -> Result<()> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Err(exceeded(message!(
                        "This request has brackets nested too deep. The limit is {limit}. Ask for less, \
                         or in several requests.",
                        limit = NESTING_MAX
                    )));
                }
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' => at = comment_end(bytes, at),
            b'"' => at = string_end(bytes, at),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Position of the line's end.
fn comment_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(bytes.len(), |length| start + length)
}

/// Position of the string's last quote. An unfinished one ends with its line, as the parser sees
/// it.
fn string_end(bytes: &[u8], start: usize) -> usize {
    if bytes[start..].starts_with(b"\"\"\"") {
        return block_string_end(bytes, start + 3);
    }
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' | b'\n' | b'\r' => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

fn block_string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if bytes[at..].starts_with(b"\"\"\"") {
            return at + 2;
        } else {
            at += 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_brackets_are_refused() {
        let deep = |count: usize| "{a".repeat(count) + &"}".repeat(count);
        assert!(nesting_check(&deep(NESTING_MAX)).is_ok());
        assert!(nesting_check(&deep(NESTING_MAX + 1)).is_err());
        assert!(nesting_check(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn strings_and_comments_do_not_count_and_do_not_hide() {
        let brackets = "{".repeat(100);
        assert!(nesting_check(&format!("{{a(b: \"{brackets}\")}}")).is_ok());
        assert!(nesting_check(&format!("{{a(b: \"\"\"{brackets}\\\"\"\"\"\"\")}}")).is_ok());
        assert!(nesting_check(&format!("# {brackets}\n{{a}}")).is_ok());
        assert!(nesting_check(&format!("\"\\\"\" {brackets}")).is_err());
        assert!(nesting_check(&format!("\"\" {brackets}")).is_err());
        assert!(nesting_check(&format!("\"\"\"\"\"\" {brackets}")).is_err());
        assert!(nesting_check(&format!("\"open\n{brackets}")).is_err());
        assert!(nesting_check(&format!("# \"\n{brackets}")).is_err());
    }
}
