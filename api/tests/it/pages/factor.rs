//! The second factor.

use berth_model::{Clock, NoticeKind};
use berth_store::testing::logs;
use totp_rs::{Algorithm, Builder, Secret};

use super::{
    browser::{Browser, PASSWORD, kinds, later, sign_up},
    shop::Shop,
};

/// What an app shows at the time of the tests.
pub fn number(shop: &Shop, secret: &str) -> String {
    let app = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(Secret::try_from_base32(secret).unwrap())
        .build()
        .unwrap();
    let now = shop.api.database.clock.now().timestamp();
    app.generate(u64::try_from(now).unwrap()).to_string()
}

/// Sets an app up. Its secret, and the recovery codes.
pub async fn set_up(shop: &Shop, browser: &mut Browser) -> (String, Vec<String>) {
    let account = format!("{}/account", shop.base);
    let page = browser
        .submit(&account, &format!("{account}/authenticator"), &[])
        .await;
    let secret = page.text.split("class=\"secret\">").nth(1).unwrap();
    let secret = secret.split('<').next().unwrap().to_owned();
    assert!(page.says("data:image/svg+xml;base64,"));
    let csrf = page.hidden("csrf").unwrap();
    let code = number(shop, &secret);
    let fields = [("csrf", csrf.as_str()), ("code", &code)];
    let page = browser
        .post(&format!("{account}/authenticator/confirm"), &fields)
        .await;
    let codes: Vec<String> = page
        .text
        .split("<li>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 10, "{}", page.text);
    logs::plant("authenticator secret", &secret);
    for code in &codes {
        logs::plant("recovery code", code);
    }
    (secret, codes)
}

async fn password(browser: &mut Browser, shop: &Shop) -> super::browser::Page {
    let at = format!("{}/sign-in", shop.base);
    let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
    browser.submit(&at, &at, &fields).await
}

async fn second(browser: &mut Browser, shop: &Shop, code: &str) -> super::browser::Page {
    let at = format!("{}/sign-in/code", shop.base);
    browser.submit(&at, &at, &[("code", code)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_alone_is_not_enough_and_each_number_is_good_once() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    sign_up(&mut shop.browser(), store, &shop.base, "anna@mail.example").await;
    let mut anna = shop.browser();
    password(&mut anna, &shop).await;
    let (secret, _) = set_up(&shop, &mut anna).await;
    assert!(kinds(store).await.contains(&NoticeKind::SecondFactorOn));
    let mut browser = shop.browser();
    let page = password(&mut browser, &shop).await;
    assert!(page.says("One more step"), "{}", page.text);
    let page = browser.visit(&format!("{}/account", shop.base)).await;
    assert!(page.says("Password"), "not signed in yet: {}", page.text);
    let page = second(&mut browser, &shop, &number(&shop, &secret)).await;
    assert!(page.says("wrong"), "this number set it up: {}", page.text);
    later(&shop.api.database, 30);
    let number = number(&shop, &secret);
    let page = second(&mut browser, &shop, &number).await;
    assert!(page.says("Your account"), "{}", page.text);
    let mut other = shop.browser();
    password(&mut other, &shop).await;
    let page = second(&mut other, &shop, &number).await;
    assert!(page.says("wrong"), "the same number again: {}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_is_good_once_and_its_use_is_told() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut anna = shop.browser();
    sign_up(&mut anna, store, &shop.base, "anna@mail.example").await;
    let (_, codes) = set_up(&shop, &mut anna).await;
    let mut browser = shop.browser();
    password(&mut browser, &shop).await;
    let page = second(&mut browser, &shop, &codes[3].to_uppercase()).await;
    assert!(
        page.says("Your account") && page.says("9 left"),
        "{}",
        page.text
    );
    assert!(kinds(store).await.contains(&NoticeKind::RecoveryCodeUsed));
    let mut other = shop.browser();
    password(&mut other, &shop).await;
    let page = second(&mut other, &shop, &codes[3]).await;
    assert!(page.says("wrong"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_can_be_tried_five_times_for_each_password() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut anna = shop.browser();
    sign_up(&mut anna, store, &shop.base, "anna@mail.example").await;
    let (secret, _) = set_up(&shop, &mut anna).await;
    later(&shop.api.database, 30);
    let mut browser = shop.browser();
    password(&mut browser, &shop).await;
    for _ in 0..5 {
        assert!(second(&mut browser, &shop, "000000").await.says("wrong"));
    }
    let page = second(&mut browser, &shop, &number(&shop, &secret)).await;
    assert!(page.says("wrong"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_it_takes_the_password() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut anna = shop.browser();
    sign_up(&mut anna, store, &shop.base, "anna@mail.example").await;
    set_up(&shop, &mut anna).await;
    let account = format!("{}/account", shop.base);
    let remove = format!("{account}/authenticator/remove");
    let page = anna
        .submit(&account, &remove, &[("password", "wrong")])
        .await;
    assert!(page.says("is asked for at every sign-in"), "{}", page.text);
    let page = anna
        .submit(&account, &remove, &[("password", PASSWORD)])
        .await;
    assert!(page.says("Set up an authenticator app"), "{}", page.text);
    assert!(kinds(store).await.contains(&NoticeKind::SecondFactorOff));
}
