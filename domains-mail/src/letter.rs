//! A notice as people read it: what it says, with everything around it, as text and as HTML.

use askama::Template;
use berth_model::{Brand, Color, Error, Locale, Notice, Result};

use crate::text::{Block, Content, Labels, content, words};

/// Of a brand that has none.
const ACCENT: &str = "#1f4e79";
/// Of a brand that has none.
const BACKGROUND: &str = "#f2f2f0";

/// A notice in the reader's language. None of its texts has a line's end or a mark that turns the
/// direction of writing.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) locale: Locale,
    greeting: String,
    blocks: Vec<Block>,
    reference: Option<String>,
    labels: Labels,
    brand: Brand,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Page<'a> {
    letter: &'a Letter,
    accent: String,
    on_accent: String,
    background: String,
    on_background: String,
}

impl Letter {
    /// Writes it; `brand` is its sender's.
    pub(crate) fn new(notice: &Notice, brand: &Brand) -> Self {
        let locale = notice.recipient.locale;
        let brand = Brand {
            name: plain(&brand.name),
            ..brand.clone()
        };
        let words = words(locale, &brand.name);
        let Content {
            subject,
            blocks,
            reference,
        } = content(&*words, &notice.body);
        let (labels, greeting) = (
            words.labels(),
            plain(&words.greeting(notice.recipient.name.trim())),
        );
        drop(words);
        let blocks = blocks.into_iter().map(|block| match block {
            Block::Text(text) => Block::Text(plain(&text)),
            Block::Code(text) => Block::Code(plain(&text)),
            Block::Link(text) => Block::Link(plain(&text)),
        });
        Self {
            subject: plain(&subject),
            locale,
            greeting,
            blocks: blocks.collect(),
            reference,
            labels,
            brand,
        }
    }

    /// As text: an empty line between two paragraphs.
    pub(crate) fn text(&self) -> String {
        let Labels {
            farewell, colon, ..
        } = self.labels;
        let mut parts = vec![self.greeting.clone()];
        parts.extend(self.blocks.iter().map(|block| match block {
            Block::Text(text) | Block::Link(text) => text.clone(),
            Block::Code(code) => format!("    {code}"),
        }));
        parts.push(format!("{farewell}\n{}", self.brand.name));
        let mut foot: Vec<String> = Vec::new();
        let mut line = |label: &str, of: &str| foot.push(format!("{label}{colon}{of}"));
        if let Some(reference) = &self.reference {
            line(self.labels.reference, reference);
        }
        for contact in self.help() {
            line(self.labels.help, contact);
        }
        for (label, url) in self.pages() {
            line(label, url);
        }
        if !foot.is_empty() {
            // Mail programs show what is below this line as a signature (RFC 3676 section 4.3).
            parts.push(format!("-- \n{}", foot.join("\n")));
        }
        parts.join("\n\n") + "\n"
    }

    /// As an HTML page.
    pub(crate) fn html(&self) -> Result<String> {
        let color = |own: Option<Color>, fallback: &str| match own {
            Some(color) => Ok(color),
            None => fallback.parse::<Color>(),
        };
        let accent = color(self.brand.accent_color, ACCENT)?;
        let background = color(self.brand.background_color, BACKGROUND)?;
        let page = Page {
            letter: self,
            accent: accent.to_string(),
            on_accent: accent.text().to_string(),
            background: background.to_string(),
            on_background: background.text().to_string(),
        };
        page.render().map_err(Error::internal)
    }

    /// Where one finds help.
    fn help(&self) -> impl Iterator<Item = &str> {
        let email = self
            .brand
            .support_email
            .as_ref()
            .map(|email| email.as_str());
        email.into_iter().chain(self.brand.support_url.as_deref())
    }

    /// What must be found about the sender: labels and URLs.
    fn pages(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Brand {
            imprint_url,
            privacy_url,
            terms_url,
            ..
        } = &self.brand;
        [
            (self.labels.imprint, imprint_url),
            (self.labels.privacy, privacy_url),
            (self.labels.terms, terms_url),
        ]
        .into_iter()
        .filter_map(|(label, url)| Some((label, url.as_deref()?)))
    }
}

/// Text that stays what it is wherever it is shown: in one line, in the direction of what surrounds
/// it. People choose names, and a name must not be able to look like something else.
pub(crate) fn plain(text: &str) -> String {
    let turns = |letter: char| {
        matches!(letter, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
    };
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    let kept = text.chars().filter(|letter| !turns(*letter));
    let line: String = kept
        .map(|letter| if breaks(letter) { ' ' } else { letter })
        .collect();
    line.trim().to_owned()
}
