//! What OAuth's answers may say.

/// A sentence as `error_description` may have it: printable ASCII without `"` and `\` (RFC 6749 sections 4.1.2.1 and
/// 5.2). It can repeat what a request had in it.
#[must_use]
pub fn oauth_text(text: &str) -> String {
    let plain = |letter| match letter {
        '"' | '“' | '”' => '\'',
        '\\' => '/',
        ' '..='~' => letter,
        _ => '?',
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_allows_is_left() {
        let text = oauth_text("There is no scope \"é\\\r\n\u{7f}\".");
        assert_eq!(text, "There is no scope '?/???'.");
    }
}
