//! Linking to an account that is there: never silently.

use berth_model::{ClientFor, NoticeBody, NoticeKind};
use serde_json::json;

use super::parts::{Provider, back, joined, onward, round, send};
use crate::pages::{
    browser::{PASSWORD, kinds, later, mail, sign_up},
    factor::{number, set_up},
    shop::Shop,
};

const ANNA: &str = "anna@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_the_address_is_linked_once_its_password_proves_it() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let by = (&provider, id.as_str());
    sign_up(&mut shop.browser(), shop.api.store(), &shop.base, ANNA).await;
    let mut browser = shop.browser();
    let page = round(&mut browser, &shop, by, "anna").await;
    assert!(
        page.says("There is an account of this address"),
        "{}",
        page.text
    );
    // Whoever has the address there, and not the account, is not in.
    let wrong = [("password", "brass otter plays quickly")];
    let refused = send(&mut browser, &shop, &page, "/identity/password", &wrong).await;
    assert!(refused.says("password is wrong"), "{}", refused.text);
    let names = [("name", "Anna")];
    let refused = send(&mut browser, &shop, &page, "/identity/sign-up", &names).await;
    assert!(
        refused.says("There is an account of this address"),
        "{}",
        refused.text
    );
    let refused = send(
        &mut browser,
        &shop,
        &page,
        "/account/identities/confirm",
        &[],
    )
    .await;
    assert!(refused.says("Password"), "{}", refused.text);
    let right = [("password", PASSWORD)];
    let page = send(&mut browser, &shop, &page, "/identity/password", &right).await;
    assert!(
        page.says("Your account") && page.says("refused"),
        "{}",
        page.text
    );
    assert!(
        kinds(shop.api.store())
            .await
            .contains(&NoticeKind::IdentityLinked)
    );
    let page = round(&mut shop.browser(), &shop, by, "anna").await;
    assert!(page.says("Your account"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_stands_before_the_link_and_before_each_sign_in() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let by = (&provider, id.as_str());
    let mut anna = shop.browser();
    sign_up(&mut anna, shop.api.store(), &shop.base, ANNA).await;
    let (secret, _) = set_up(&shop, &mut anna).await;
    let mut browser = shop.browser();
    let page = round(&mut browser, &shop, by, "anna").await;
    let right = [("password", PASSWORD)];
    let page = send(&mut browser, &shop, &page, "/identity/password", &right).await;
    assert!(page.says("One more step"), "{}", page.text);
    assert!(
        !kinds(shop.api.store())
            .await
            .contains(&NoticeKind::IdentityLinked)
    );
    later(&shop.api.database, 30);
    let code = number(&shop, &secret);
    let page = send(
        &mut browser,
        &shop,
        &page,
        "/sign-in/code",
        &[("code", &code)],
    )
    .await;
    assert!(
        page.says("Your account") && page.says("Keycloak"),
        "{}",
        page.text
    );
    assert!(
        kinds(shop.api.store())
            .await
            .contains(&NoticeKind::IdentityLinked)
    );
    let page = round(&mut shop.browser(), &shop, by, "anna").await;
    assert!(page.says("One more step"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_given_up_is_not_made_by_a_later_sign_in() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let mut anna = shop.browser();
    sign_up(&mut anna, shop.api.store(), &shop.base, ANNA).await;
    let (secret, _) = set_up(&shop, &mut anna).await;
    let mut browser = shop.browser();
    let page = round(&mut browser, &shop, (&provider, &id), "anna").await;
    let right = [("password", PASSWORD)];
    send(&mut browser, &shop, &page, "/identity/password", &right).await;
    let at = format!("{}/sign-in", shop.base);
    let fields = [("email", ANNA), ("password", PASSWORD)];
    let page = browser.submit(&at, &at, &fields).await;
    later(&shop.api.database, 30);
    let code = number(&shop, &secret);
    let page = send(
        &mut browser,
        &shop,
        &page,
        "/sign-in/code",
        &[("code", &code)],
    )
    .await;
    assert!(page.says("Your account"), "{}", page.text);
    assert!(
        !kinds(shop.api.store())
            .await
            .contains(&NoticeKind::IdentityLinked)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_is_proven_by_its_mailbox() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    // The storefront named her as the owner of a tenant.
    let token = shop.api.token(ClientFor::Storefront(shop.id)).await;
    let input = json!({
        "idempotencyKey": "1", "name": "Choir", "ownerName": "Anna", "ownerEmail": ANNA,
    });
    shop.api
        .make(&token, "tenantCreate", input, "tenant { id }")
        .await;
    let mut browser = shop.browser();
    let page = round(&mut browser, &shop, (&provider, &id), "anna").await;
    assert!(page.says("without a password"), "{}", page.text);
    let page = send(&mut browser, &shop, &page, "/identity/mail", &[]).await;
    let NoticeBody::IdentityLink { code } = mail(shop.api.store(), ANNA).await else {
        panic!("a code");
    };
    let wrong = [("code", "0000-0000")];
    let refused = send(&mut browser, &shop, &page, "/identity/code", &wrong).await;
    assert!(refused.says("wrong"), "{}", refused.text);
    let page = send(
        &mut browser,
        &shop,
        &page,
        "/identity/code",
        &[("code", &code)],
    )
    .await;
    assert!(
        page.says("Your account") && page.says("Choir"),
        "{}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_identity_is_linked_while_signed_in_and_taken_away_again() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let by = (&provider, id.as_str());
    let mut browser = shop.browser();
    sign_up(&mut browser, shop.api.store(), &shop.base, ANNA).await;
    let account = format!("{}/account", shop.base);
    let page = browser.visit(&account).await;
    let link = [("provider", id.as_str()), ("password", "wrong")];
    let refused = send(&mut browser, &shop, &page, "/account/identities", &link).await;
    assert!(refused.says("password is wrong"), "{}", refused.text);
    let link = [("provider", id.as_str()), ("password", PASSWORD)];
    let out = send(&mut browser, &shop, &page, "/account/identities", &link).await;
    // The address there is another one: the account is proven, and what is linked is shown.
    let callback = provider.answer(&onward(&out), "berta").await;
    let page = back(&mut browser, &shop, &callback).await;
    assert!(
        page.says("berta@mail.example") && page.says("Link to your account"),
        "{}",
        page.text
    );
    let page = send(
        &mut browser,
        &shop,
        &page,
        "/account/identities/confirm",
        &[],
    )
    .await;
    assert!(
        page.says("Saved") && page.says("berta@mail.example"),
        "{}",
        page.text
    );
    let mut other = shop.browser();
    let there = round(&mut other, &shop, by, "berta").await;
    assert!(
        there.says("Your account") && there.says(ANNA),
        "{}",
        there.text
    );
    let rest = page.text.split("/account/identities/end").nth(1).unwrap();
    let key = rest.split("name=\"id\" value=\"").nth(1).unwrap();
    let key = key.split('"').next().unwrap();
    let end = [("id", key), ("password", PASSWORD)];
    let page = send(&mut browser, &shop, &page, "/account/identities/end", &end).await;
    assert!(page.says("Identity removed"), "{}", page.text);
    assert!(
        kinds(shop.api.store())
            .await
            .contains(&NoticeKind::IdentityUnlinked)
    );
    let page = round(&mut shop.browser(), &shop, by, "berta").await;
    assert!(page.says("There is no account"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_stays() {
    let (shop, provider) = (Shop::federated().await, Provider::start().await);
    let id = provider.join(&shop, "Keycloak").await;
    let mut browser = shop.browser();
    let page = joined(&mut browser, &shop, (&provider, &id), "anna").await;
    let rest = page.text.split("/account/identities/end").nth(1).unwrap();
    let key = rest.split("name=\"id\" value=\"").nth(1).unwrap();
    let key = key.split('"').next().unwrap();
    let page = send(
        &mut browser,
        &shop,
        &page,
        "/account/identities/end",
        &[("id", key)],
    )
    .await;
    assert!(page.says("your only way in"), "{}", page.text);
    let page = round(&mut shop.browser(), &shop, (&provider, &id), "anna").await;
    assert!(page.says("Your account"), "{}", page.text);
}
