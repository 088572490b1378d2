//! Sentences for people: an English template with named places, and its translations.
//!
//! A plain sentence is a literal; one with values is made with [`message!`](crate::message!), which the
//! compiler checks. Translations are looked up by the template, in `de` and `fr`: a test walks
//! the sources, so that none is missing and none is left over. Without one the English stands.

mod de;
mod fr;

use std::{borrow::Cow, fmt};

use crate::Locale;

/// Translations: the English, and what stands for it.
type Catalogue = &'static [(&'static str, &'static str)];

/// A sentence for people. `Display` gives the English, which logs have too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A template without places.
    Plain(&'static str),
    /// One with values, in a box: errors are handed on a lot, and are mostly plain.
    Filled(Box<Filled>),
    /// What has no template.
    Verbatim(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Filled {
    template: &'static str,
    english: String,
    values: Vec<(&'static str, String)>,
}

/// A [`Message`] with values: `message!("Give 1 to {max} characters.", max = 5)`, or `max` alone where
/// a variable has that name.
#[macro_export]
macro_rules! message {
    (@value $name:ident) => { $name.to_string() };
    (@value $name:ident $value:expr) => { ($value).to_string() };
    ($template:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        $( let $name = $crate::message!(@value $name $($value)?); )*
        let english = format!($template $(, $name = $name)*);
        $crate::Message::with($template, english, [$( (stringify!($name), $name) ),*])
    }};
}

impl Message {
    /// Of a template that was filled in: what [`message!`](crate::message!) makes.
    #[must_use]
    pub fn with<const N: usize>(
        template: &'static str,
        english: String,
        values: [(&'static str, String); N],
    ) -> Self {
        Self(Kind::Filled(Box::new(Filled {
            template,
            english,
            values: values.into(),
        })))
    }

    /// What others said, such as a machine: there is no translation.
    #[must_use]
    pub fn verbatim(text: String) -> Self {
        Self(Kind::Verbatim(text))
    }

    /// In English.
    #[must_use]
    pub fn english(&self) -> &str {
        match &self.0 {
            Kind::Plain(text) => text,
            Kind::Filled(filled) => &filled.english,
            Kind::Verbatim(text) => text,
        }
    }

    /// In a language.
    #[must_use]
    pub fn text(&self, locale: Locale) -> Cow<'_, str> {
        let translated = match &self.0 {
            Kind::Plain(template) => translation(template, locale).map(Cow::Borrowed),
            Kind::Filled(of) => translation(of.template, locale)
                .map(|template| Cow::Owned(filled(template, &of.values, locale))),
            Kind::Verbatim(_) => None,
        };
        translated.unwrap_or_else(|| Cow::Borrowed(self.english()))
    }
}

impl From<&'static str> for Message {
    fn from(template: &'static str) -> Self {
        Self(Kind::Plain(template))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.english())
    }
}

/// A sentence that was kept in English, in a language: those with values stay as they are.
#[must_use]
pub fn kept_text(english: &str, locale: Locale) -> &str {
    translation(english, locale).unwrap_or(english)
}

/// Every template, and what stands for it: for the test that walks the sources.
#[must_use]
pub fn translations(locale: Locale) -> &'static [(&'static str, &'static str)] {
    catalogues(locale).0
}

/// Every noun and unit, and what stands for it: for the same test.
#[must_use]
pub fn nouns(locale: Locale) -> &'static [(&'static str, &'static str)] {
    catalogues(locale).1
}

/// The places of a template, in their order.
pub fn places(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

fn translation(english: &str, locale: Locale) -> Option<&'static str> {
    let (messages, _) = catalogues(locale);
    found(messages, english)
}

fn found(catalogue: Catalogue, english: &str) -> Option<&'static str> {
    let entry = catalogue.iter().find(|(known, _)| *known == english);
    entry.map(|(_, translated)| *translated)
}

/// Messages, and the words that take the place of a `{noun}`.
fn catalogues(locale: Locale) -> (Catalogue, Catalogue) {
    match locale {
        Locale::En => (&[], &[]),
        Locale::De => (de::MESSAGES, de::NOUNS),
        Locale::Fr => (fr::MESSAGES, fr::NOUNS),
    }
}

/// A template with its values; a place that has none stays as it is written.
fn filled(template: &str, values: &[(&'static str, String)], locale: Locale) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let place = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((name, value, after))
        });
        if let Some((name, value, after)) = place {
            text.push_str(translated(name, value, locale));
            rest = after;
        } else {
            text.push('{');
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// A value as it is, or as the language's word for a noun or a unit.
fn translated<'a>(name: &str, value: &'a str, locale: Locale) -> &'a str {
    if !is_noun(name) {
        return value;
    }
    let (_, nouns) = catalogues(locale);
    let noun = nouns.iter().find(|(known, _)| is_same_noun(known, value));
    noun.map_or(value, |(_, translated)| translated)
}

fn is_noun(place: &str) -> bool {
    place.starts_with("noun") || place == "unit"
}

/// `audit entry` and `AuditEntry` are one.
pub fn is_same_noun(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> Vec<u8> {
        let bytes = text.bytes().filter(|byte| *byte != b' ');
        bytes.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sentence_is_told_in_each_language() {
        let plain = Message::from("The password is wrong.");
        assert_eq!(plain.to_string(), "The password is wrong.");
        assert_eq!(plain.text(Locale::De), "Das Passwort ist falsch.");
        assert_eq!(plain.text(Locale::Fr), "Le mot de passe est incorrect.");
        let max = 7;
        let filled = message!(
            "Give 1 to {max} characters on one line, not only spaces.",
            max
        );
        assert_eq!(
            filled.text(Locale::En),
            "Give 1 to 7 characters on one line, not only spaces."
        );
        assert_eq!(
            filled.text(Locale::De),
            "Geben Sie 1 bis 7 Zeichen in einer Zeile an, nicht nur Leerzeichen."
        );
    }

    #[test]
    fn what_has_no_translation_stays_as_it_is() {
        let unknown = message!("Nobody says {this}.", this = "so {much}");
        assert_eq!(unknown.text(Locale::De), "Nobody says so {much}.");
        assert_eq!(Message::verbatim("{x}".to_owned()).text(Locale::Fr), "{x}");
        assert_eq!(kept_text("Nobody says so.", Locale::Fr), "Nobody says so.");
    }

    #[test]
    fn a_noun_is_told_in_the_language_too() {
        let error = crate::Error::not_found("tenant");
        assert!(error.text(Locale::De).contains("Organisation"));
        assert!(error.text(Locale::Fr).contains("organisation"));
    }

    proptest! {
        /// Whatever the values are, each is in its place, as it is.
        #[test]
        fn every_place_is_filled(values in prop::collection::vec("\\PC{0,12}", 8)) {
            for (locale, (english, template)) in Locale::ALL
                .iter()
                .flat_map(|locale| translations(*locale).iter().map(|entry| (*locale, entry)))
            {
                let given: Vec<_> = places(english).zip(values.iter().cloned()).collect();
                let message = Message(Kind::Filled(Box::new(Filled {
                    template: english,
                    english: String::new(),
                    values: given.clone(),
                })));
                let mut expected = (*template).to_owned();
                // From the end, so that a value that looks like a place is left alone.
                for name in places(template).collect::<Vec<_>>().into_iter().rev() {
                    let (_, value) = given.iter().find(|(known, _)| *known == name).unwrap();
                    let at = expected.rfind(&format!("{{{name}}}")).unwrap();
                    expected.replace_range(
                        at..at + name.len() + 2,
                        translated(name, value, locale),
                    );
                }
                prop_assert_eq!(message.text(locale), expected);
            }
        }

        #[test]
        fn no_template_makes_it_panic(template in "[{}a-z ]{0,40}", value in "[{}a-z]{0,8}") {
            filled(&template, &[("a", value)], Locale::De);
        }
    }
}
