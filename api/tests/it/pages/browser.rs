//! A browser as far as the pages need one: cookies, forms, and no scripts.

use std::collections::BTreeMap;

use berth_model::{NoticeBody, NoticeKind, StorefrontId};
use berth_store::{
    Store,
    testing::{TestDatabase, logs},
};
use chrono::TimeDelta;
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect::Policy};

/// What was answered, read.
pub struct Page {
    pub status: StatusCode,
    pub text: String,
    /// Where a redirect leads.
    pub location: Option<String>,
    pub headers: reqwest::header::HeaderMap,
}

impl Page {
    pub fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> Option<String> {
        let start = self.text.find(&format!("name=\"{name}\" value=\""))?;
        let rest = &self.text[start..];
        let value = rest.split('"').nth(3)?;
        Some(value.to_owned())
    }
}

pub struct Browser {
    http: Client,
    /// The API.
    pub url: String,
    pub cookies: BTreeMap<String, String>,
    pub language: &'static str,
    /// What a reverse proxy would tell of it.
    pub forwarded: Option<&'static str>,
}

impl Browser {
    pub fn new(url: &str) -> Self {
        let http = Client::builder()
            .redirect(Policy::none())
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            http,
            url: url.to_owned(),
            cookies: BTreeMap::new(),
            language: "en",
            forwarded: None,
        }
    }

    fn full(&self, path: &str) -> String {
        if path.starts_with('/') {
            format!("{}{path}", self.url)
        } else {
            path.to_owned()
        }
    }

    fn cookie(&self) -> String {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    async fn send(&mut self, request: RequestBuilder) -> Page {
        let request = request
            .header("cookie", self.cookie())
            .header("accept-language", self.language);
        let request = match self.forwarded {
            Some(forwarded) => request.header("x-forwarded-for", forwarded),
            None => request,
        };
        let response = request.send().await.unwrap();
        self.read(response).await
    }

    async fn read(&mut self, response: Response) -> Page {
        for header in response.headers().get_all("set-cookie") {
            let text = header.to_str().unwrap();
            assert!(
                text.contains("HttpOnly") && text.contains("SameSite=Lax"),
                "{text}"
            );
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let headers = response.headers().clone();
        let location = headers.get("location");
        Page {
            status: response.status(),
            location: location.map(|value| value.to_str().unwrap().to_owned()),
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(self.http.get(self.full(path))).await
    }

    /// A GET that follows redirects within the API; what leads out of it is the answer.
    pub async fn visit(&mut self, path: &str) -> Page {
        let page = self.get(path).await;
        self.follow(page).await
    }

    pub async fn follow(&mut self, mut page: Page) -> Page {
        while let Some(location) = page.location.clone() {
            if !location.starts_with('/') {
                break;
            }
            page = self.get(&location).await;
        }
        page
    }

    /// Sends a form as it is, without the secret of a page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        for (name, secret) in fields {
            // A wrong one may be as short and common as people's are.
            if ["password", "csrf"].contains(name) && secret.len() > 12 {
                logs::plant(name, secret);
            }
        }
        self.send(self.http.post(self.full(path)).form(fields))
            .await
    }

    /// Opens a page and sends its form to `path`; where that leads is followed.
    pub async fn submit(&mut self, from: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.visit(from).await;
        let csrf = page.hidden("csrf").expect("a page with a form");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        let answer = self.post(path, &all).await;
        self.follow(answer).await
    }
}

/// The newest notice to an address, taken out of the outbox as a worker does.
pub async fn mail(store: &Store, to: &str) -> NoticeBody {
    let mut found = None;
    for work in store.notice_claim(100, TimeDelta::zero()).await.unwrap() {
        if work.notice.recipient.email.as_str() == to {
            found = Some(work.notice.body);
        }
    }
    found.unwrap_or_else(|| panic!("a mail to {to}"))
}

/// The code in the newest notice to an address.
pub async fn code(store: &Store, to: &str) -> String {
    let works = store.notice_claim(100, TimeDelta::zero()).await.unwrap();
    let mine = works.into_iter().map(|work| work.notice);
    let mine = mine.filter(|notice| notice.recipient.email.as_str() == to);
    let mut codes = mine.filter_map(|notice| match notice.body {
        NoticeBody::EmailVerify { code }
        | NoticeBody::PasswordReset { code }
        | NoticeBody::EmailChange { code }
        | NoticeBody::RecoveryAddressVerify { code } => Some(code),
        _ => None,
    });
    let code = codes
        .next_back()
        .unwrap_or_else(|| panic!("a code to {to}"));
    logs::plant("mail code", &code);
    code
}

/// The kinds of the notices that wait.
pub async fn kinds(store: &Store) -> Vec<NoticeKind> {
    let works = store.notice_claim(100, TimeDelta::zero()).await.unwrap();
    works.iter().map(|work| work.notice.body.kind()).collect()
}

/// The pages of a storefront.
pub fn base(id: StorefrontId) -> String {
    format!("/s/{id}")
}

/// Signs up at a storefront and is signed in.
pub async fn sign_up(browser: &mut Browser, store: &Store, base: &str, email: &str) {
    let fields = [("name", "Anna"), ("email", email), ("password", PASSWORD)];
    let from = format!("{base}/sign-up");
    browser.submit(&from, &from, &fields).await;
    let code = code(store, email).await;
    let to = format!("{base}/sign-up/code");
    let page = browser.submit(&to, &to, &[("code", &code)]).await;
    assert!(page.says("Your account"), "{}", page.text);
}

pub const PASSWORD: &str = "brass otter plays slowly";

/// Moves the time of a database's store.
pub fn later(database: &TestDatabase, seconds: i64) {
    database.clock.advance(TimeDelta::seconds(seconds));
}
