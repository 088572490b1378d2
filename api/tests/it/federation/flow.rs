//! Signing up and in.

use berth_model::NoticeKind;

use super::parts::{Provider, back, joined, leave, round, send};
use crate::pages::{
    browser::{kinds, later},
    shop::{Shop, parameter},
};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_up_and_in_by_an_identity_provider() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let by = (&provider, id.as_str());
    let mut browser = shop.browser();
    for path in ["/sign-in", "/sign-up"] {
        let page = browser.visit(&format!("{}{path}", shop.base)).await;
        assert!(page.says("Sign in with Keycloak"), "{}", page.text);
    }
    let page = round(&mut browser, &shop, by, "anna").await;
    assert!(
        page.says("There is no account of this address yet") && page.says("anna@mail.example"),
        "{}",
        page.text
    );
    // Nothing is made before they say so.
    let account = format!("{}/account", shop.base);
    let mut other = shop.browser();
    let page = other.visit(&account).await;
    assert!(page.says("Password"), "{}", page.text);
    assert_eq!(kinds(shop.api.store()).await, []);
    let page = joined(&mut browser, &shop, by, "anna").await;
    assert!(
        page.says("Keycloak") && page.says("You have no password"),
        "{}",
        page.text
    );
    assert!(page.says("Account created") && page.says("Identity linked"));
    assert_eq!(kinds(shop.api.store()).await, [NoticeKind::IdentityLinked]);
    // Who is known signs in, also in another browser.
    let page = round(&mut other, &shop, by, "anna").await;
    assert!(
        page.says("Your account") && page.says("anna@mail.example"),
        "{}",
        page.text
    );
    // Somebody else there is somebody else here.
    let page = round(&mut shop.browser(), &shop, by, "berta").await;
    assert!(page.says("There is no account"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorisation_request_goes_along() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let mut browser = shop.browser();
    let request = shop.request(&[]);
    let query = format!("?{}", request.split_once('?').unwrap().1);
    let url = leave(&mut browser, &shop, &id, &query).await;
    let callback = provider.answer(&url, "anna").await;
    let page = back(&mut browser, &shop, &callback).await;
    let csrf = page.hidden("csrf").unwrap();
    let path = format!("{}/identity/sign-up{query}", shop.base);
    let page = browser
        .post(&path, &[("csrf", &csrf), ("name", "Anna")])
        .await;
    let page = browser.follow(page).await;
    assert!(page.says("wants to act in your name"), "{}", page.text);
    let page = shop.allow(&mut browser, &request, "none").await;
    let (status, tokens) = shop.redeem(&parameter(&page, "code").unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_are_accepted_as_at_any_sign_up() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    shop.api
        .database
        .sql("UPDATE storefronts SET terms_version = '7', terms_url = 'https://shop.example/terms'")
        .await;
    let mut browser = shop.browser();
    let page = round(&mut browser, &shop, (&provider, &id), "anna").await;
    let named = ("name", "Anna");
    let page = send(&mut browser, &shop, &page, "/identity/sign-up", &[named]).await;
    assert!(page.says("Please accept the terms"), "{}", page.text);
    let fields = [named, ("terms", "yes")];
    let page = send(&mut browser, &shop, &page, "/identity/sign-up", &fields).await;
    assert!(page.says("Your account"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_told_in_the_readers_language() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let by = (&provider, id.as_str());
    for (language, denied, unverified, expired) in [
        ("en", "did not allow it", "vouches for no e-mail", "too old"),
        ("de", "nicht erlaubt", "bürgt für keine", "zu alt"),
        (
            "fr",
            "ne l&#39;avez pas permis",
            "ne garantit aucune",
            "trop ancienne",
        ),
    ] {
        let mut browser = shop.browser();
        browser.language = language;
        let page = round(&mut browser, &shop, by, "nobody").await;
        assert!(page.status == 400 && page.says(denied), "{}", page.text);
        let page = round(&mut browser, &shop, by, "unverified").await;
        assert!(page.status == 400 && page.says(unverified), "{}", page.text);
        let url = leave(&mut browser, &shop, &id, "").await;
        let callback = provider.answer(&url, "anna").await;
        later(&shop.api.database, 15 * 60);
        let page = back(&mut browser, &shop, &callback).await;
        assert!(page.status == 400 && page.says(expired), "{}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_off_or_away_keeps_nobody_from_the_password() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let mut browser = shop.browser();
    joined(&mut browser, &shop, (&provider, &id), "anna").await;
    shop.api
        .database
        .sql("UPDATE identity_providers SET enabled = false")
        .await;
    let page = browser.visit(&format!("{}/sign-in", shop.base)).await;
    assert!(
        page.says("Password") && !page.says("Keycloak"),
        "{}",
        page.text
    );
    let begin = format!("{}/identity/begin", shop.base);
    let csrf = page.hidden("csrf").unwrap();
    let page = browser
        .post(&begin, &[("csrf", &csrf), ("provider", &id)])
        .await;
    assert_eq!(page.status, 404);
    // Who has no other way in gets one by mail.
    let from = format!("{}/reset", shop.base);
    browser
        .submit(&from, &from, &[("email", "anna@mail.example")])
        .await;
    let told = kinds(shop.api.store()).await;
    assert!(told.contains(&NoticeKind::PasswordReset), "{told:?}");
}
