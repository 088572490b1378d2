//! The language of a reader.

use crate::Locale;

impl Locale {
    /// Of the languages that a browser asks for (RFC 9110 section 12.5.4) the one that it likes best
    /// and we have. A word of a region, `de-AT`, counts for its language.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(Self, u16)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1000, weight);
            let Some(locale) = Self::of_tag(tag) else {
                continue;
            };
            // The first of several with the same weight.
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }

    /// The language of a tag (BCP 47).
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.trim().split('-').next()?.to_ascii_lowercase();
        Self::ALL
            .iter()
            .copied()
            .find(|locale| locale.tag() == language)
    }
}

/// In thousandths; what can't be read weighs nothing.
fn weight(text: &str) -> u16 {
    let value: f32 = text.trim().parse().unwrap_or(0.0);
    if (0.0..=1.0).contains(&value) {
        (value * 1000.0) as u16
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_language_that_is_liked_best_is_taken() {
        for (header, locale) in [
            ("de", Some(Locale::De)),
            ("de-AT, en;q=0.5", Some(Locale::De)),
            ("en;q=0.5, fr;q=0.8", Some(Locale::Fr)),
            ("nl, pl;q=0.9", None),
            ("nl, FR-ca;q=0.1", Some(Locale::Fr)),
            ("en;q=0, de;q=0.001", Some(Locale::De)),
            ("en, de", Some(Locale::En)),
            ("*", None),
            ("", None),
            ("en;q=NaN", None),
        ] {
            assert_eq!(Locale::accepted(header), locale, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "\\PC{0,80}") {
            let _ = Locale::accepted(&header);
        }
    }
}
