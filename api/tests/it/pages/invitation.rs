//! Becoming a member by a code from a mail, in a browser.

use berth_model::{ClientFor, NoticeBody, Role, TenantId};
use serde_json::json;

use super::{
    browser::{Browser, mail, sign_up},
    shop::Shop,
};

/// The code of an invitation, and the page that its mail names.
pub async fn invitation(shop: &Shop, to: &str) -> (String, String) {
    match mail(shop.api.store(), to).await {
        NoticeBody::Invitation { code, url, .. } => (code, url),
        other => panic!("{other:?}"),
    }
}

/// A tenant of the shop with an owner, and the token of the owner's own client.
pub async fn tenant(shop: &Shop, name: &str) -> (TenantId, String) {
    let backend = shop.api.token(ClientFor::Storefront(shop.id)).await;
    let input = json!({
        "idempotencyKey": name, "name": name, "ownerName": "Anna",
        "ownerEmail": "anna@mail.example",
    });
    let made = shop
        .api
        .make(&backend, "tenantCreate", input, "tenant { id }")
        .await;
    let id: TenantId = made["tenant"]["id"].as_str().unwrap().parse().unwrap();
    let token = shop.api.token(ClientFor::Tenant(id, Role::Owner)).await;
    (id, token)
}

pub async fn answer(browser: &mut Browser, base: &str, code: &str, answer: &str) -> String {
    let at = format!("{base}/account/invitation");
    let page = browser.submit(&at, &at, &[("code", code)]).await;
    assert!(page.says("asks you to help run"), "{}", page.text);
    let to = format!("{at}/answer");
    let fields = [("code", code), ("answer", answer)];
    browser.submit(&at, &to, &fields).await.text
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_types_in_the_code_and_acts_for_the_tenant() {
    let shop = Shop::new().await;
    let (tenant, owner) = tenant(&shop, "Choir").await;
    let input = json!({
        "idempotencyKey": "i", "tenantId": tenant.to_string(), "email": "ben@mail.example",
        "role": "ADMIN",
    });
    let fields = "invitation { id email role inviterName tenant { name } }";
    let made = shop
        .api
        .make(&owner, "invitationCreate", input, fields)
        .await;
    assert_eq!(made["invitation"]["tenant"]["name"], "Choir");
    let (code, url) = invitation(&shop, "ben@mail.example").await;
    assert_eq!(url, format!("{}{}/account", shop.api.url, shop.base));
    let mut ben = shop.browser();
    sign_up(&mut ben, shop.api.store(), &shop.base, "ben@mail.example").await;
    let text = answer(&mut ben, &shop.base, &code, "accept").await;
    assert!(
        text.contains("Choir") && text.contains("Administrator"),
        "{text}"
    );
    let code = shop.code(&mut ben, &tenant.to_string()).await;
    let (_, tokens) = shop.redeem(&code).await;
    let token = tokens["access_token"].as_str().unwrap();
    let data = shop
        .api
        .data(token, "{ viewer { role tenant { name } } }", json!({}))
        .await;
    assert_eq!(
        data["viewer"],
        json!({ "role": "ADMIN", "tenant": { "name": "Choir" } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_declined_wrong_or_without_a_session_makes_nobody_a_member() {
    let shop = Shop::new().await;
    let (tenant, owner) = tenant(&shop, "Choir").await;
    let input = json!({
        "idempotencyKey": "i", "tenantId": tenant.to_string(), "email": "ben@mail.example",
        "role": "OWNER",
    });
    let made = shop
        .api
        .make(&owner, "invitationCreate", input, "invitation { id }")
        .await;
    assert!(made["invitation"]["id"].is_string());
    let (code, _) = invitation(&shop, "ben@mail.example").await;
    let mut stranger = shop.browser();
    let page = stranger
        .visit(&format!("{}/account/invitation", shop.base))
        .await;
    assert!(page.says("Sign in"), "{}", page.text);
    let mut ben = shop.browser();
    sign_up(&mut ben, shop.api.store(), &shop.base, "ben@mail.example").await;
    let at = format!("{}/account/invitation", shop.base);
    let page = ben
        .submit(&at, &at, &[("code", "0000-0000-0000-0000")])
        .await;
    assert!(
        page.status == 400 && page.says("This code is wrong"),
        "{}",
        page.text
    );
    let text = answer(&mut ben, &shop.base, &code, "decline").await;
    assert!(!text.contains("Choir"), "{text}");
    let query = "query($id: ID!) { node(id: $id) { ... on Tenant {
        members { nodes { account { email } } } invitations { nodes { id } } } } }";
    let data = shop
        .api
        .data(&owner, query, json!({ "id": tenant.to_string() }))
        .await;
    let members = data["node"]["members"]["nodes"].as_array().unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(data["node"]["invitations"]["nodes"], json!([]));
}
