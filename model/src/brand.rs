//! What a storefront, or the provider itself, shows of itself on pages and in mails.

use std::{fmt, str::FromStr};

use crate::{EmailAddress, Error, Result, states::states};

states! {
    /// The languages that pages, mails and messages are in.
    pub enum Locale {
        /// English.
        En = "EN",
        /// German.
        De = "DE",
        /// French.
        Fr = "FR",
    }
}

impl Locale {
    /// As HTML and HTTP write it (BCP 47): `en`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
        }
    }
}

/// A colour, written as `#1a2b3c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(into = "String")]
pub struct Color([u8; 3]);

impl Color {
    /// Black or white: the one of them that reads better on it. By its relative luminance, as WCAG
    /// 2.2 defines it; above 0.179 the contrast with black is the greater one.
    #[must_use]
    pub fn text(self) -> Self {
        let linear = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
        Self([if luminance > 0.179 { 0 } else { 255 }; 3])
    }
}

impl FromStr for Color {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::invalid("color", "Give a colour such as #1a2b3c.");
        let digits = text.strip_prefix('#').ok_or_else(refused)?;
        // `from_str_radix` would also take a sign.
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| refused())?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.to_string()
    }
}

/// How pages and mails look, and who they say they are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The name, 1 to 100 characters: on pages, and as the sender of mails.
    pub name: String,
    /// Of buttons and links.
    pub accent_color: Option<Color>,
    /// Behind everything.
    pub background_color: Option<Color>,
    /// An `https` URL of a picture.
    pub logo_url: Option<String>,
    /// Whom mails come from; none: the provider's own sender address.
    pub sender_email: Option<EmailAddress>,
    /// Where people ask for help.
    pub support_email: Option<EmailAddress>,
    /// An `https` URL where people find help.
    pub support_url: Option<String>,
    /// An `https` URL of the terms.
    pub terms_url: Option<String>,
    /// Which version of them an operator accepts.
    pub terms_version: Option<String>,
    /// An `https` URL of what is done with personal data.
    pub privacy_url: Option<String>,
    /// An `https` URL that tells who is behind it.
    pub imprint_url: Option<String>,
}

impl Brand {
    /// A brand that is only a name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            accent_color: None,
            background_color: None,
            logo_url: None,
            sender_email: None,
            support_email: None,
            support_url: None,
            terms_url: None,
            terms_version: None,
            privacy_url: None,
            imprint_url: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_on_a_colour_is_readable() {
        for (color, text) in [
            ("#ffffff", "#000000"),
            ("#000000", "#ffffff"),
            ("#1a4b8c", "#ffffff"),
            ("#ffd400", "#000000"),
        ] {
            assert_eq!(color.parse::<Color>().unwrap().text().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(color: [u8; 3]) {
            let color = Color(color);
            prop_assert_eq!(color.to_string().parse::<Color>().unwrap(), color);
        }

        #[test]
        fn nothing_else_is_a_colour(text in "[^#]?\\PC{0,9}") {
            if let Ok(color) = text.parse::<Color>() {
                prop_assert_eq!(color.to_string(), text.to_ascii_lowercase());
            }
        }
    }
}
