//! An OpenID provider, a storefront that takes it, and the way between them.

use std::collections::BTreeMap;

use berth_model::ClientFor;
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};

use crate::{
    npm::Program,
    pages::{
        browser::{Browser, Page},
        shop::Shop,
    },
};

/// oidc-provider, running.
pub struct Provider {
    _program: Program,
    pub issuer: String,
}

impl Provider {
    pub async fn start() -> Self {
        let mut program = Program::start("openid_provider.mjs", &[]);
        let told = program.told().await.unwrap();
        Self {
            _program: program,
            issuer: told["issuer"].as_str().unwrap().to_owned(),
        }
    }

    /// Makes it an identity provider of a storefront, as somebody does who follows the documents: its
    /// id.
    pub async fn join(&self, shop: &Shop, name: &str) -> String {
        let (id, redirect_path) = create(shop, name, &self.issuer).await;
        let uri = format!("{}{redirect_path}", shop.api.url);
        let registration = shop
            .api
            .http
            .post(format!("{}/reg", self.issuer))
            .json(&json!({ "redirect_uris": [uri] }));
        let client: Value = registration.send().await.unwrap().json().await.unwrap();
        let input = json!({
            "idempotencyKey": "registered", "identityProviderId": id,
            "clientId": client["client_id"], "clientSecret": client["client_secret"],
        });
        let token = shop.api.token(ClientFor::Storefront(shop.id)).await;
        let fields = "identityProvider { id }";
        shop.api
            .make(&token, "identityProviderUpdate", input, fields)
            .await;
        id
    }

    /// Signs in there as `name`, sent by `url`. Where the browser is sent back to.
    pub async fn answer(&self, url: &str, name: &str) -> String {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let mut cookies = BTreeMap::new();
        let mut at = url.to_owned();
        for _ in 0..10 {
            if !at.starts_with(&self.issuer) {
                return at;
            }
            if at.contains("/interaction/") {
                at = format!("{at}?as={name}");
            }
            let pairs: Vec<_> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            let request = http.get(&at).header("cookie", pairs.join("; "));
            let answer = request.send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let location = answer.headers().get("location").cloned();
            let Some(location) = location else {
                panic!("{at}: {}", answer.text().await.unwrap());
            };
            let location = location.to_str().unwrap();
            at = match location.starts_with('/') {
                true => format!("{}{location}", self.issuer),
                false => location.to_owned(),
            };
        }
        panic!("no way back from {url}");
    }
}

/// An identity provider of a storefront: its id, and the path that it sends people back to.
pub async fn create(shop: &Shop, name: &str, issuer: &str) -> (String, String) {
    let token = shop.api.token(ClientFor::Storefront(shop.id)).await;
    let input = json!({
        "idempotencyKey": name, "name": name, "issuer": issuer, "clientId": "berth",
        "clientSecret": "a secret of thirty-two bytes or more",
    });
    let fields = "identityProvider { id redirectPath }";
    let made = shop
        .api
        .make(&token, "identityProviderCreate", input, fields)
        .await;
    let made = &made["identityProvider"];
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("redirectPath"))
}

/// Presses the button of a provider on the sign-in page: the URL that the browser goes on to.
pub async fn leave(browser: &mut Browser, shop: &Shop, id: &str, query: &str) -> String {
    let page = browser
        .visit(&format!("{}/sign-in{query}", shop.base))
        .await;
    let csrf = page.hidden("csrf").unwrap();
    let path = format!("{}/identity/begin{query}", shop.base);
    let fields = [("csrf", csrf.as_str()), ("provider", id)];
    onward(&browser.post(&path, &fields).await)
}

/// Where a page that goes on by itself leads.
pub fn onward(page: &Page) -> String {
    let refresh = page.text.split("content=\"0;url=").nth(1);
    let url = refresh.unwrap_or_else(|| panic!("a way out, not {}", page.text));
    url.split('"').next().unwrap().replace("&#38;", "&")
}

/// Out to the provider, and back again as `name`.
pub async fn round(
    browser: &mut Browser,
    shop: &Shop,
    (provider, id): (&Provider, &str),
    name: &str,
) -> Page {
    let url = leave(browser, shop, id, "").await;
    back(browser, shop, &provider.answer(&url, name).await).await
}

/// Follows where the provider sends.
pub async fn back(browser: &mut Browser, shop: &Shop, url: &str) -> Page {
    browser
        .visit(url.strip_prefix(&shop.api.url).unwrap())
        .await
}

/// The form on a page, sent to a path of the storefront's pages.
pub async fn send(
    browser: &mut Browser,
    shop: &Shop,
    page: &Page,
    path: &str,
    fields: &[(&str, &str)],
) -> Page {
    let csrf = page.hidden("csrf").expect("a page with a form");
    let all = [&[("csrf", csrf.as_str())], fields].concat();
    let page = browser.post(&format!("{}{path}", shop.base), &all).await;
    browser.follow(page).await
}

/// Signs up by a provider as `name`.
pub async fn joined(
    browser: &mut Browser,
    shop: &Shop,
    provider: (&Provider, &str),
    name: &str,
) -> Page {
    let page = round(browser, shop, provider, name).await;
    let named = [("name", "Anna")];
    let page = send(browser, shop, &page, "/identity/sign-up", &named).await;
    assert!(page.says("Your account"), "{}", page.text);
    page
}
