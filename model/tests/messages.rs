//! Every sentence that people are told has its translations, and no translation is left over: the sources
//! themselves are read, as `gettext` does it.
//!
//! A sentence is what stands in `message!`, in `Error::new` or in `Error::invalid`, and any other literal that
//! begins with a capital letter and ends with a full stop: some are handed on before an error is made of them.
//! Left out are tests, attributes (and with them documentation), `format!`, whose texts can't become messages, and
//! what isn't told to people in their language ([`OTHERS`]).

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use berth_model::{
    Locale,
    message::{is_same_noun, nouns, places, translations},
};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// Whose sources are read.
const ROOMS: [&str; 8] = [
    "model",
    "store",
    "operations",
    "api",
    "api/pages",
    "scheduler",
    "hypervisor",
    "webhooks",
];

/// Where literals are something else, unless they stand in an error itself.
const OTHERS: [(&str, &str); 17] = [
    ("model/src/message", "the translations themselves"),
    ("store/src/testing", "tests"),
    ("store/src/queue/testing", "tests"),
    ("api/pages/src/words", "pages have words of their own"),
    (
        "api/pages/src/authorize.rs",
        "for developers of clients, in ASCII (RFC 6749, section 4.1.2.1)",
    ),
    ("api/pages/src/consent.rs", "the same"),
    ("api/pages/src/request.rs", "the same"),
    ("api/src/http/oauth", "the same (section 5.2)"),
    ("api/src/http/measure.rs", "metrics"),
    ("api/src/graphql/mod.rs", "documentation"),
    ("api/src/graphql/scalars.rs", "documentation"),
    (
        "hypervisor",
        "what machines say of themselves, for the provider",
    ),
    ("operations/src/gauges.rs", "metrics"),
    ("scheduler/src/metrics.rs", "metrics"),
    ("webhooks/src/gauges.rs", "metrics"),
    ("webhooks/src/resolve.rs", "the log of deliveries"),
    (
        "webhooks/src/send.rs",
        "the log of deliveries, for developers",
    ),
];

/// Sentences and where they stand, and nouns.
#[derive(Default)]
struct Found {
    sentences: BTreeMap<String, PathBuf>,
    nouns: BTreeSet<String>,
}

#[test]
fn every_sentence_has_its_translations_and_no_translation_is_left_over() {
    let found = found();
    let mut wrong = Vec::new();
    for locale in [Locale::De, Locale::Fr] {
        let known: BTreeMap<_, _> = translations(locale).iter().copied().collect();
        assert_eq!(
            known.len(),
            translations(locale).len(),
            "one is there twice"
        );
        for (sentence, file) in &found.sentences {
            match known.get(sentence.as_str()) {
                None => wrong.push(format!("{locale}: {} says {sentence:?}", file.display())),
                Some(translated) if named(translated) != named(sentence) => {
                    wrong.push(format!("{locale}: other places in {translated:?}"));
                }
                Some(_) => {}
            }
        }
        let left = known
            .keys()
            .filter(|key| !found.sentences.contains_key(**key));
        wrong.extend(left.map(|key| format!("{locale}: nobody says {key:?}")));
        for noun in &found.nouns {
            if !nouns(locale)
                .iter()
                .any(|(known, _)| is_same_noun(known, noun))
            {
                wrong.push(format!("{locale}: no word for {noun:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "model/src/message lacks or has too much:\n{}",
        wrong.join("\n")
    );
}

/// The test itself sees something.
#[test]
fn sentences_are_found_wherever_they_stand() {
    let mut found = Found::default();
    let source = r##"
        /// Documentation says this.
        #[graphql(desc = "An attribute says this.")]
        fn f() {
            Error::new(ErrorCode::Internal, "Directly");
            model::Error::invalid("Field.", "With a field");
            let text = "Handed on."; refused("As an argument.");
            already_exists(&[("a_b", "c", "In a tuple.")]);
            message!("With {a} value", a); format!("Formatted {x}.");
            Error::not_found("audit entry"); info!("logged");
        }
        #[cfg(test)]
        mod tests { const A: &str = "In a test."; }
    "##;
    found.read(&source.parse().unwrap(), true, Path::new("f"));
    let sentences: Vec<_> = found.sentences.keys().map(String::as_str).collect();
    let expected = [
        "As an argument.",
        "Directly",
        "Handed on.",
        "In a tuple.",
        "With a field",
        "With {a} value",
    ];
    assert_eq!(sentences, expected);
    assert!(found.nouns.contains("audit entry"));
}

fn named(template: &str) -> BTreeSet<&str> {
    places(template).collect()
}

fn found() -> Found {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Found::default();
    for room in ROOMS {
        for file in files(&root.join(room).join("src")) {
            let name = file.strip_prefix(root).unwrap();
            if name.ends_with("tests.rs")
                || name.components().any(|part| part.as_os_str() == "tests")
            {
                continue;
            }
            let is_told = !OTHERS
                .iter()
                .any(|(other, _)| name.to_str().unwrap().starts_with(other));
            let source = fs::read_to_string(&file).unwrap();
            found.read(&source.parse().unwrap(), is_told, name);
        }
    }
    assert!(found.sentences.len() > 100 && found.nouns.len() > 20);
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push(path);
        }
    }
    all
}

impl Found {
    /// `is_told`: whether a plain literal is one that people are told.
    fn read(&mut self, tokens: &TokenStream, is_told: bool, file: &Path) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match self.special(&tokens, at, file) {
                Some(next) => next,
                None => {
                    match &tokens[at] {
                        TokenTree::Group(group) => self.read(&group.stream(), is_told, file),
                        token => self.plain(token, is_told, file),
                    }
                    at + 1
                }
            };
        }
    }

    /// What is read otherwise than token by token: where it ends.
    fn special(&mut self, tokens: &[TokenTree], at: usize, file: &Path) -> Option<usize> {
        let group = |at: usize| match tokens.get(at) {
            Some(TokenTree::Group(group)) => Some(group),
            _ => None,
        };
        let word = |at: usize, wanted: &str| {
            tokens
                .get(at)
                .is_some_and(|token| token.to_string() == wanted)
        };
        if word(at, "#") && group(at + 1).is_some() {
            let is_test = group(at + 1)?.stream().to_string() == "cfg (test)";
            return Some(if is_test {
                item_end(tokens, at + 2)
            } else {
                at + 2
            });
        }
        if word(at, "format") && word(at + 1, "!") {
            return Some(at + 3);
        }
        if word(at, "message") && word(at + 1, "!") && group(at + 2).is_some() {
            self.keep(texts(group(at + 2)?).next(), file);
            return Some(at + 3);
        }
        let is_error = word(at, "Error") && word(at + 1, ":") && word(at + 2, ":");
        if is_error && (word(at + 3, "new") || word(at + 3, "invalid")) {
            let arguments = group(at + 4)?;
            // The field, when it is one, stands before the comma.
            let after = arguments.stream().into_iter();
            let after: TokenStream = after.skip_while(|token| token.to_string() != ",").collect();
            self.keep(texts(&Group::new(Delimiter::None, after)).next(), file);
            return None;
        }
        let names_a_noun = word(at, "not_found")
            || ((word(at, "reads") || word(at, "row_read")) && word(at + 1, "!"));
        if names_a_noun {
            let arguments = group(at + 1).or_else(|| group(at + 2))?;
            self.nouns.extend(texts(arguments).next());
        }
        None
    }

    fn plain(&mut self, token: &TokenTree, is_told: bool, file: &Path) {
        let text = text(token).filter(|text| is_told && is_sentence(text));
        self.keep(text, file);
    }

    fn keep(&mut self, text: Option<String>, file: &Path) {
        if let Some(text) = text {
            self.sentences
                .entry(text)
                .or_insert_with(|| file.to_owned());
        }
    }
}

/// Where an item ends that begins here: with its braces, or its semicolon.
fn item_end(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => token.to_string() == ";",
    };
    let end = tokens[from..].iter().position(ends);
    end.map_or(tokens.len(), |end| from + end + 1)
}

fn texts(group: &Group) -> impl Iterator<Item = String> {
    group.stream().into_iter().filter_map(|token| text(&token))
}

/// What a literal says.
fn text(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else {
        return None;
    };
    let text: syn::LitStr = syn::parse_str(&literal.to_string()).ok()?;
    Some(text.value())
}

fn is_sentence(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(char::is_uppercase);
    begins && text.contains(' ') && text.ends_with('.')
}
