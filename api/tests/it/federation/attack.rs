//! What attackers try with a provider that means well (RFC 9700 section 4).

use super::parts::{Provider, back, joined, leave, round, send};
use crate::pages::{
    browser::{Page, sign_up},
    shop::Shop,
};

/// A parameter of a URL replaced, or left out.
fn with(url: &str, name: &str, value: Option<&str>) -> String {
    let (path, query) = url.split_once('?').unwrap();
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (known, old) in form_urlencoded::parse(query.as_bytes()) {
        match (known == name, value) {
            (true, Some(value)) => drop(out.append_pair(name, value)),
            (true, None) => {}
            (false, _) => drop(out.append_pair(&known, &old)),
        }
    }
    format!("{path}?{}", out.finish())
}

fn value(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name);
    found.unwrap().1.into_owned()
}

fn refused(page: &Page) {
    assert!(
        page.status == 400 && page.says("This didn&#39;t work"),
        "{}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_worth_nothing_in_another_browser() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    // Login CSRF: the attacker's own answer, followed by the victim.
    let mut attacker = shop.browser();
    joined(&mut attacker, &shop, (&provider, &id), "mallory").await;
    let url = leave(&mut attacker, &shop, &id, "").await;
    let theirs = provider.answer(&url, "mallory").await;
    let mut victim = shop.browser();
    refused(&back(&mut victim, &shop, &theirs).await);
    leave(&mut victim, &shop, &id, "").await;
    refused(&back(&mut victim, &shop, &theirs).await);
    let page = victim.visit(&format!("{}/account", shop.base)).await;
    assert!(
        page.says("Password"),
        "not signed in as mallory: {}",
        page.text
    );
    // It stays good in its own, once.
    let page = back(&mut attacker, &shop, &theirs).await;
    assert!(page.says("Your account"), "{}", page.text);
    refused(&back(&mut attacker, &shop, &theirs).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_code_can_not_be_injected() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let by = (&provider, id.as_str());
    joined(&mut shop.browser(), &shop, by, "anna").await;
    let url = leave(&mut shop.browser(), &shop, &id, "").await;
    let stolen = value(&provider.answer(&url, "anna").await, "code");
    let mut attacker = shop.browser();
    let url = leave(&mut attacker, &shop, &id, "").await;
    let own = provider.answer(&url, "mallory").await;
    let injected = with(&own, "code", Some(&stolen));
    refused(&back(&mut attacker, &shop, &injected).await);
    // Neither does the state hold longer for that.
    refused(&back(&mut attacker, &shop, &own).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_two_providers_are_not_mixed_up() {
    let shop = Shop::federated().await;
    let (honest, hostile) = (Provider::start().await, Provider::start().await);
    let honest_id = honest.join(&shop, "Honest").await;
    let hostile_id = hostile.join(&shop, "Hostile").await;
    let mut browser = shop.browser();
    joined(&mut browser, &shop, (&honest, &honest_id), "anna").await;
    // Begun at the one, answered by the other, under either's path.
    for keep_iss in [true, false] {
        let mut victim = shop.browser();
        let at_hostile = leave(&mut victim, &shop, &hostile_id, "").await;
        let state = value(&at_hostile, "state");
        let mut other = shop.browser();
        let at_honest = leave(&mut other, &shop, &honest_id, "").await;
        let answer = honest.answer(&at_honest, "anna").await;
        let mut mixed = with(&answer, "state", Some(&state));
        if !keep_iss {
            mixed = with(&mixed, "iss", None);
        }
        refused(&back(&mut victim, &shop, &mixed).await);
        let elsewhere = mixed.replace(&honest_id, &hostile_id);
        refused(&back(&mut victim, &shop, &elsewhere).await);
    }
    // The same subject elsewhere is somebody else.
    let page = round(&mut shop.browser(), &shop, (&hostile, &hostile_id), "anna").await;
    assert!(
        page.says("without a password"),
        "not signed in: {}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trip_begins_and_ends_by_forms_of_ours_alone() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let mut browser = shop.browser();
    sign_up(
        &mut browser,
        shop.api.store(),
        &shop.base,
        "anna@mail.example",
    )
    .await;
    for path in [
        "/identity/begin",
        "/account/identities",
        "/account/identities/confirm",
    ] {
        let at = format!("{}{path}", shop.base);
        let page = browser.post(&at, &[("provider", &id)]).await;
        assert_eq!(page.status, 403, "{path}");
        assert_eq!(browser.get(&at).await.status, 405, "{path}");
    }
    let mut other = shop.browser();
    round(&mut other, &shop, (&provider, &id), "anna").await;
    for path in [
        "/identity/sign-up",
        "/identity/password",
        "/identity/mail",
        "/identity/code",
    ] {
        let page = other.post(&format!("{}{path}", shop.base), &[]).await;
        assert_eq!(page.status, 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_leads_nowhere_but_where_the_trip_began() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    joined(&mut shop.browser(), &shop, (&provider, &id), "anna").await;
    for more in [
        "&next=https://evil.example",
        "&client_id=x&redirect_uri=https://evil.example",
        "&return_to=//evil.example",
    ] {
        let mut browser = shop.browser();
        let url = leave(&mut browser, &shop, &id, "").await;
        let callback = provider.answer(&url, "anna").await + more;
        let path = callback.strip_prefix(&shop.api.url).unwrap();
        let page = browser.get(path).await;
        let account = format!("{}/account", shop.base);
        assert_eq!(page.location, Some(account), "{more}");
    }
    // Without a good state there is no redirect at all.
    let mut browser = shop.browser();
    for query in [
        "",
        "?error=x&error_uri=https://evil.example",
        "?state=x&code=y&state=z",
    ] {
        let path = format!("{}/identity/callback/{id}{query}", shop.base);
        let page = browser.get(&path).await;
        assert_eq!(
            (page.status.as_u16(), &page.location),
            (400, &None),
            "{query}"
        );
        assert!(!page.says("evil.example"), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_cookies_are_new_after_a_federated_sign_in() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    joined(&mut shop.browser(), &shop, (&provider, &id), "anna").await;
    let mut browser = shop.browser();
    browser.visit(&format!("{}/sign-in", shop.base)).await;
    let (name, planted) = browser.cookies.first_key_value().unwrap();
    let (name, planted) = (name.clone(), planted.clone());
    let session = name.replace("browser", "session");
    browser
        .cookies
        .insert(session.clone(), "bk_planted".to_owned());
    let page = round(&mut browser, &shop, (&provider, &id), "anna").await;
    assert!(page.says("Your account"), "{}", page.text);
    assert_ne!(browser.cookies[&name], planted);
    assert_ne!(browser.cookies[&session], "bk_planted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_in_one_browser_is_decided_in_no_other() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let mut anna = shop.browser();
    round(&mut anna, &shop, (&provider, &id), "anna").await;
    let mut other = shop.browser();
    let page = other.visit(&format!("{}/sign-in", shop.base)).await;
    let named = [("name", "Mallory")];
    refused(&send(&mut other, &shop, &page, "/identity/sign-up", &named).await);
}
