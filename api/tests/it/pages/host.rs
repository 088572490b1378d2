//! A storefront with a host of its own: to its people and clients it is a server of its own.

use reqwest::header::HOST;
use serde_json::Value;

use super::{
    browser::Browser,
    shop::{REDIRECT, Shop, client, storefront},
};

const NAME: &str = "login.harbour.example";

/// A request to the API under a host's name, as a proxy passes it on.
async fn get(browser: &Browser, host: &str, path: &str) -> reqwest::Response {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(30))
        .build()
        .unwrap();
    let request = http.get(format!("{}{path}", browser.url));
    request.header(HOST, host).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_an_issuer_with_pages_and_cookies_of_its_own() {
    let shop = Shop::new().await;
    let database = &shop.api.database;
    database
        .sql(&format!(
            "UPDATE storefronts SET host = '{NAME}', accent_color = '#aa0011' WHERE name = 'Harbour'"
        ))
        .await;
    let browser = shop.browser();
    let found = get(&browser, NAME, "/.well-known/oauth-authorization-server").await;
    let metadata: Value = found.json().await.unwrap();
    assert_eq!(metadata["issuer"], format!("https://{NAME}"));
    assert_eq!(
        metadata["token_endpoint"],
        format!("https://{NAME}/oauth/token")
    );
    let page = get(&browser, NAME, "/sign-in").await;
    let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-berth_browser=") && cookie.contains("; Secure"),
        "{cookie}"
    );
    let text = page.text().await.unwrap();
    assert!(
        text.contains("Harbour") && text.contains("action=\"/sign-in\""),
        "{text}"
    );
    let style = get(&browser, NAME, "/brand.css")
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(style, ":root{--accent:#aa0011;--on-accent:#ffffff}");
    // What is wrong with a request is told in the name of this server.
    let answer = get(&browser, NAME, &shop.request(&[("prompt", "none")])).await;
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        location.contains("iss=https%3A%2F%2Flogin.harbour.example"),
        "{location}"
    );
    // The clients of others ask nobody here, and under another name it is not this storefront's.
    let other = storefront(&shop.api, "Other").await;
    let (id, _) = client(&shop.api, other, REDIRECT, false).await;
    let answer = get(&browser, NAME, &shop.request(&[("client_id", &id)])).await;
    assert_eq!(answer.status(), 404);
    let page = get(&browser, "login.elsewhere.example", "/sign-in").await;
    assert!(!page.text().await.unwrap().contains("Harbour"));
}
