//! What people change of their own account.

use berth_model::{NoticeBody, NoticeKind};

use super::{
    browser::{PASSWORD, code, kinds, mail, sign_up},
    shop::Shop,
};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_a_name_a_language_and_another_address() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut anna = shop.browser();
    sign_up(&mut anna, store, &shop.base, "anna@mail.example").await;
    let account = format!("{}/account", shop.base);
    let fields = [("name", "Anna Beispiel"), ("locale", "de")];
    let page = anna
        .submit(&account, &format!("{account}/profile"), &fields)
        .await;
    assert!(
        page.says("Ihr Konto") && page.says("Anna Beispiel"),
        "{}",
        page.text
    );
    let fields = [("email", "anna@new.example"), ("password", PASSWORD)];
    anna.submit(&account, &format!("{account}/email"), &fields)
        .await;
    let right = code(store, "anna@new.example").await;
    let at = format!("{account}/email/code");
    let page = anna.submit(&at, &at, &[("code", &right)]).await;
    assert!(page.says("anna@new.example"), "{}", page.text);
    match mail(store, "anna@mail.example").await {
        NoticeBody::EmailChanged { new_email_hint } => assert_eq!(new_email_hint, "a…@new.example"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_takes_the_current_one_and_signs_out_the_others() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let mut phone = shop.browser();
    sign_up(&mut phone, store, &shop.base, "anna@mail.example").await;
    let mut desk = shop.browser();
    let at = format!("{}/sign-in", shop.base);
    let fields = [("email", "anna@mail.example"), ("password", PASSWORD)];
    desk.submit(&at, &at, &fields).await;
    let account = format!("{}/account", shop.base);
    let change = format!("{account}/password");
    let new = "seven quiet lighthouses";
    let page = desk
        .submit(&account, &change, &[("current", "x"), ("password", new)])
        .await;
    assert!(
        page.status == 400 && page.says("password is wrong"),
        "{}",
        page.text
    );
    let page = desk
        .submit(
            &account,
            &change,
            &[("current", PASSWORD), ("password", new)],
        )
        .await;
    assert!(page.says("Saved"), "{}", page.text);
    assert!(kinds(store).await.contains(&NoticeKind::PasswordChanged));
    assert!(phone.visit(&account).await.says("Forgotten"), "signed out");
    assert!(desk.visit(&account).await.says("Your account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_address_is_not_at_a_domain_that_is_hosted_here() {
    let world = World::new().await;
    let store = world.api.store();
    let storefront = world.ids["Storefront"].parse().unwrap();
    let base = super::browser::base(storefront);
    // Its terms are another test's matter.
    let none = "UPDATE storefronts SET terms_version = NULL, terms_url = NULL";
    world.api.database.sql(none).await;
    let mut browser = super::browser::Browser::new(&world.api.url);
    // Owner of tenant A, which has a deployment at a.example.
    sign_up(&mut browser, store, &base, "a@example.org").await;
    let account = format!("{base}/account");
    let begin = format!("{account}/recovery-email");
    for email in ["a@a.example", "a@mail.a.example"] {
        let fields = [("email", email), ("password", PASSWORD)];
        let page = browser.submit(&account, &begin, &fields).await;
        assert!(
            page.status == 400 && page.says("hosted here"),
            "{email}: {}",
            page.text
        );
    }
    let fields = [("email", "a@example.org"), ("password", PASSWORD)];
    let page = browser.submit(&account, &begin, &fields).await;
    assert!(page.says("account&#39;s own address"), "{}", page.text);
    let fields = [("email", "a@notours.example"), ("password", PASSWORD)];
    let page = browser.submit(&account, &begin, &fields).await;
    assert!(page.says("Look into your mailbox"), "{}", page.text);
}
