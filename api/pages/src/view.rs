//! What is written: the frame of every page, and the pages that are a form.

use std::borrow::Cow;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use berth_model::{Brand, Error, IdentityProvider, Locale};

use crate::{
    page::{Page, log, status},
    words::Words,
};

/// What surrounds every page.
pub(crate) struct Frame<'a> {
    pub title: &'static str,
    pub words: &'static Words,
    pub lang: &'static str,
    pub brand: &'a Brand,
    pub base: &'a str,
    pub csrf: String,
    /// The other languages: where each is, and what it calls itself.
    pub languages: Vec<(String, &'static str, &'static str)>,
}

impl<'a> Frame<'a> {
    /// Of a page.
    pub fn of(page: &'a Page, title: &'static str) -> Self {
        let others = Locale::ALL.iter().filter(|locale| **locale != page.locale);
        Self {
            title,
            words: page.words,
            lang: page.locale.tag(),
            brand: &page.place.brand,
            base: &page.place.base,
            csrf: page.csrf(),
            languages: others
                .map(|locale| {
                    let words = Words::of(*locale);
                    (
                        in_language(&page.query, *locale),
                        locale.tag(),
                        words.language,
                    )
                })
                .collect(),
        }
    }
}

/// The same page in another language.
fn in_language(query: &str, locale: Locale) -> String {
    let mut out = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "ui_locales" {
            out.append_pair(&name, &value);
        }
    }
    out.append_pair("ui_locales", locale.tag()).finish()
}

/// A field of a form.
pub(crate) struct Field<'a> {
    pub name: &'static str,
    pub label: &'static str,
    /// What HTML calls its type.
    pub kind: &'static str,
    /// What is in it.
    pub value: &'a str,
    /// For password managers (HTML, section 4.10.18.7.1).
    pub autocomplete: &'static str,
    pub hint: &'static str,
}

impl<'a> Field<'a> {
    pub fn email(words: &'static Words, value: &'a str) -> Self {
        Self {
            name: "email",
            label: words.email,
            kind: "email",
            value,
            autocomplete: "username",
            hint: "",
        }
    }

    pub fn password(label: &'static str) -> Self {
        Self {
            name: "password",
            label,
            kind: "password",
            value: "",
            autocomplete: "current-password",
            hint: "",
        }
    }

    pub fn new_password(label: &'static str, words: &'static Words) -> Self {
        Self {
            name: "password",
            label,
            kind: "password",
            value: "",
            autocomplete: "new-password",
            hint: words.password_hint,
        }
    }

    pub fn name(words: &'static Words, value: &'a str) -> Self {
        Self {
            name: "name",
            label: words.name,
            kind: "text",
            value,
            autocomplete: "name",
            hint: words.name_hint,
        }
    }

    pub fn code(words: &'static Words) -> Self {
        Self {
            name: "code",
            label: words.code,
            kind: "text",
            value: "",
            autocomplete: "one-time-code",
            hint: "",
        }
    }

    pub fn tick(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            kind: "checkbox",
            value: "",
            autocomplete: "off",
            hint: "",
        }
    }

    pub fn is_tick(&self) -> bool {
        self.kind == "checkbox"
    }
}

/// A page that is a form.
#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct FormPage<'a> {
    pub frame: Frame<'a>,
    pub lead: &'static str,
    /// Whom it is about; nothing for most.
    pub about: String,
    pub problem: Option<Cow<'static, str>>,
    pub action: String,
    pub fields: Vec<Field<'a>>,
    pub button: &'static str,
    /// Below the form: where, and what it says.
    pub links: Vec<(String, &'static str)>,
    pub note: &'static str,
    /// Buttons of identity providers, below the form.
    pub providers: Vec<IdentityProvider>,
    /// Where those lead.
    pub providers_action: String,
}

impl<'a> FormPage<'a> {
    /// With what most have; its action is the page itself.
    pub fn new(page: &'a Page, title: &'static str, lead: &'static str, path: &str) -> Self {
        Self {
            frame: page.frame(title),
            lead,
            about: String::new(),
            problem: None,
            action: page.href(path),
            fields: Vec::new(),
            button: page.words.go_on,
            links: Vec::new(),
            note: "",
            providers: Vec::new(),
            providers_action: page.href("/identity/begin"),
        }
    }
}

/// A page that only tells what went wrong.
#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct Problem<'a> {
    pub frame: Frame<'a>,
    pub text: Cow<'static, str>,
    /// Where to begin again, and what it says.
    pub link: Option<(String, &'static str)>,
}

impl Page {
    /// A form, for the first time or with what was wrong with it.
    pub fn form(&self, mut form: FormPage<'_>, error: Option<&Error>) -> Response {
        let code = error.map_or(StatusCode::OK, status);
        form.problem = error.map(|error| {
            log(error);
            self.told(error)
        });
        self.html(code, &form, "")
    }
}
