//! Cookies: one for the browser, which flows are bound to, and one for the session.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

use crate::place::Place;

/// Which cookie.
#[derive(Clone, Copy)]
pub(crate) enum Cookie {
    /// The browser's own: a year.
    Browser,
    /// The session's: as long as one lasts at most.
    Session,
}

const YEAR: u32 = 365 * 24 * 3600;

impl Cookie {
    /// Its name. Realms that share a host have cookies of their own. `__Host-` keeps other hosts of
    /// the same domain from planting one (RFC 6265bis section 4.1.3.2).
    fn name(self, place: &Place) -> String {
        let prefix = if place.is_secure() { "__Host-" } else { "" };
        let what = match self {
            Self::Browser => "browser",
            Self::Session => "session",
        };
        format!("{prefix}berth_{what}{}", place.cookie_suffix())
    }

    /// What the browser sent; of several of one name none, as one of them was planted.
    pub fn read(self, place: &Place, headers: &HeaderMap) -> Option<String> {
        let name = self.name(place);
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value.to_owned());
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// As it is set. No script reads it, and other sites' requests don't carry it, but for links.
    pub fn set(self, place: &Place, value: &str) -> Option<HeaderValue> {
        let age = match self {
            Self::Browser => YEAR,
            Self::Session => YEAR / 4,
        };
        self.text(place, value, age)
    }

    /// Takes it away.
    pub fn unset(self, place: &Place) -> Option<HeaderValue> {
        self.text(place, "", 0)
    }

    fn text(self, place: &Place, value: &str, age: u32) -> Option<HeaderValue> {
        let secure = if place.is_secure() { "; Secure" } else { "" };
        let name = self.name(place);
        let text = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::from_str(&text).ok()
    }
}
