//! Names: where they are, and which there can be.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher},
};

/// Hashed always alike, so that nothing depends on the process.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// What is wrong with a name, if anything is. Names reach the terminal, where control characters could
/// forge lines and others turn the text around.
pub(super) fn flaw(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it has no name");
    }
    text_flaw(name)
}

/// The same of a text that may be empty.
pub(super) fn text_flaw(text: &str) -> Option<&'static str> {
    let is_line_end = |letter| matches!(letter, '\u{2028}' | '\u{2029}');
    let turns = |letter| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_bad = |letter: char| letter.is_control() || is_line_end(letter) || turns(letter);
    text.contains(is_bad)
        .then_some("a name has characters that can't be shown")
}
