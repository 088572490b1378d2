//! Linking to an account that is there: never silently.

use berth_model::{ClientFor, NoticeBody, NoticeKind};
use serde_json::json;

use super::parts::{Provider, back, joined, onward, round, send};
use crate::pages::{
    browser::{Browser, PASSWORD, Page, kinds, later, mail, sign_up},
    factor::{number, set_up},
    shop::Shop,
};

const ANNA: &str = "anna@mail.example";

/// A shop with an identity provider.
struct Linked {
    shop: Shop,
    provider: Provider,
    id: String,
}

impl Linked {
    async fn new() -> Self {
        let (shop, provider) = (Shop::federated().await, Provider::start().await);
        let id = provider.join(&shop, "Keycloak").await;
        Self { shop, provider, id }
    }

    /// Anna's browser, in which she signed up with a password.
    async fn anna(&self) -> Browser {
        let mut browser = self.shop.browser();
        sign_up(&mut browser, self.shop.api.store(), &self.shop.base, ANNA).await;
        browser
    }

    /// Out to the provider, and back again as `name`.
    async fn round(&self, browser: &mut Browser, name: &str) -> Page {
        let by = (&self.provider, self.id.as_str());
        round(browser, &self.shop, by, name).await
    }

    async fn send(
        &self,
        browser: &mut Browser,
        page: &Page,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Page {
        send(browser, &self.shop, page, path, fields).await
    }

    /// Out and back as Anna, and then her password.
    async fn proven(&self, browser: &mut Browser) -> Page {
        let page = self.round(browser, "anna").await;
        says(&page, "There is an account of this address");
        let right = [("password", PASSWORD)];
        self.send(browser, &page, "/identity/password", &right)
            .await
    }

    /// The number that an app shows half a minute later.
    async fn second(&self, browser: &mut Browser, page: &Page, secret: &str) -> Page {
        later(&self.shop.api.database, 30);
        let code = number(&self.shop, secret);
        self.send(browser, page, "/sign-in/code", &[("code", &code)])
            .await
    }

    /// Whether people are told of this by mail.
    async fn tells(&self, kind: NoticeKind) -> bool {
        kinds(self.shop.api.store()).await.contains(&kind)
    }
}

fn says(page: &Page, text: &str) {
    assert!(page.says(text), "not {text}: {}", page.text);
}

/// The key of the identity on the account's page.
fn key(page: &Page) -> &str {
    let rest = page.text.split("/account/identities/end").nth(1).unwrap();
    let key = rest.split("name=\"id\" value=\"").nth(1).unwrap();
    key.split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_the_address_is_linked_once_its_password_proves_it() {
    let linked = Linked::new().await;
    linked.anna().await;
    let mut browser = linked.shop.browser();
    let page = linked.round(&mut browser, "anna").await;
    // Whoever has the address there, and not the account, is not in.
    for (path, fields, told) in [
        (
            "/identity/password",
            &[("password", "brass otter plays quickly")] as &[_],
            "password is wrong",
        ),
        (
            "/identity/sign-up",
            &[("name", "Anna")],
            "There is an account of this address",
        ),
        ("/account/identities/confirm", &[], "Password"),
    ] {
        let refused = linked.send(&mut browser, &page, path, fields).await;
        says(&refused, told);
    }
    let page = linked.proven(&mut browser).await;
    says(&page, "Your account");
    says(&page, "refused");
    assert!(linked.tells(NoticeKind::IdentityLinked).await);
    let page = linked.round(&mut linked.shop.browser(), "anna").await;
    says(&page, "Your account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_stands_before_the_link_and_before_each_sign_in() {
    let linked = Linked::new().await;
    let (secret, _) = set_up(&linked.shop, &mut linked.anna().await).await;
    let mut browser = linked.shop.browser();
    let page = linked.proven(&mut browser).await;
    says(&page, "One more step");
    assert!(!linked.tells(NoticeKind::IdentityLinked).await);
    let page = linked.second(&mut browser, &page, &secret).await;
    says(&page, "Your account");
    says(&page, "Keycloak");
    assert!(linked.tells(NoticeKind::IdentityLinked).await);
    let page = linked.round(&mut linked.shop.browser(), "anna").await;
    says(&page, "One more step");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_given_up_is_not_made_by_a_later_sign_in() {
    let linked = Linked::new().await;
    let (secret, _) = set_up(&linked.shop, &mut linked.anna().await).await;
    let mut browser = linked.shop.browser();
    linked.proven(&mut browser).await;
    let at = format!("{}/sign-in", linked.shop.base);
    let fields = [("email", ANNA), ("password", PASSWORD)];
    let page = browser.submit(&at, &at, &fields).await;
    let page = linked.second(&mut browser, &page, &secret).await;
    says(&page, "Your account");
    assert!(!linked.tells(NoticeKind::IdentityLinked).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_is_proven_by_its_mailbox() {
    let linked = Linked::new().await;
    let shop = &linked.shop;
    // The storefront named her as the owner of a tenant.
    let token = shop.api.token(ClientFor::Storefront(shop.id)).await;
    let input = json!({
        "idempotencyKey": "1", "name": "Choir", "ownerName": "Anna", "ownerEmail": ANNA,
    });
    shop.api
        .make(&token, "tenantCreate", input, "tenant { id }")
        .await;
    let mut browser = shop.browser();
    let page = linked.round(&mut browser, "anna").await;
    says(&page, "without a password");
    let page = linked
        .send(&mut browser, &page, "/identity/mail", &[])
        .await;
    let NoticeBody::IdentityLink { code } = mail(shop.api.store(), ANNA).await else {
        panic!("a code");
    };
    let at = "/identity/code";
    let wrong = [("code", "0000-0000")];
    says(&linked.send(&mut browser, &page, at, &wrong).await, "wrong");
    let right = [("code", code.as_str())];
    let page = linked.send(&mut browser, &page, at, &right).await;
    says(&page, "Your account");
    says(&page, "Choir");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_identity_is_linked_while_signed_in_and_taken_away_again() {
    let linked = Linked::new().await;
    let (shop, id) = (&linked.shop, linked.id.as_str());
    let mut browser = linked.anna().await;
    let page = browser.visit(&format!("{}/account", shop.base)).await;
    let link = [("provider", id), ("password", "wrong")];
    let at = "/account/identities";
    says(
        &linked.send(&mut browser, &page, at, &link).await,
        "password is wrong",
    );
    let link = [("provider", id), ("password", PASSWORD)];
    let out = linked.send(&mut browser, &page, at, &link).await;
    // The address there is another one: the account is proven, and what is linked is shown.
    let callback = linked.provider.answer(&onward(&out), "berta").await;
    let page = back(&mut browser, shop, &callback).await;
    says(&page, "berta@mail.example");
    says(&page, "Link to your account");
    let at = "/account/identities/confirm";
    let page = linked.send(&mut browser, &page, at, &[]).await;
    says(&page, "Saved");
    says(&page, "berta@mail.example");
    let there = linked.round(&mut shop.browser(), "berta").await;
    says(&there, "Your account");
    says(&there, ANNA);
    let end = [("id", key(&page)), ("password", PASSWORD)];
    let at = "/account/identities/end";
    let page = linked.send(&mut browser, &page, at, &end).await;
    says(&page, "Identity removed");
    assert!(linked.tells(NoticeKind::IdentityUnlinked).await);
    let page = linked.round(&mut shop.browser(), "berta").await;
    says(&page, "There is no account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_in_stays() {
    let linked = Linked::new().await;
    let mut browser = linked.shop.browser();
    let by = (&linked.provider, linked.id.as_str());
    let page = joined(&mut browser, &linked.shop, by, "anna").await;
    let end = [("id", key(&page))];
    let at = "/account/identities/end";
    let page = linked.send(&mut browser, &page, at, &end).await;
    says(&page, "your only way in");
    let page = linked.round(&mut linked.shop.browser(), "anna").await;
    says(&page, "Your account");
}
