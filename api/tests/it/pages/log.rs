//! Signing in, in the audit log: the person's and the provider's, and nobody else's.

use berth_model::ClientFor;
use serde_json::{Value, json};

use super::{
    browser::{PASSWORD, sign_up},
    shop::Shop,
};

const ANNA: &str = "anna@mail.example";

/// The lines of an action: who, what about, and what came of it.
async fn lines(shop: &Shop, action: &str) -> Vec<Value> {
    let token = shop.api.token(ClientFor::PROVIDER).await;
    let query = "query($filter: AuditFilterInput) { auditLog(filter: $filter) { nodes {
                     actor subject result errorCode from userAgent } } }";
    let filter = json!({ "filter": { "action": action } });
    let data = shop.api.data(&token, query, filter).await;
    data["auditLog"]["nodes"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_the_provider_see_sign_ins_and_failed_ones() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    sign_up(&mut browser, shop.api.store(), &shop.base, ANNA).await;
    let at = format!("{}/sign-in", shop.base);
    let mut other = shop.browser();
    let wrong = [("email", ANNA), ("password", "wrong")];
    other.submit(&at, &at, &wrong).await;
    let right = [("email", ANNA), ("password", PASSWORD)];
    let page = other.submit(&at, &at, &right).await;
    assert!(
        page.says("Account created") && page.says("Sign-in"),
        "{}",
        page.text
    );
    assert_eq!(page.text.matches("<strong>refused</strong>").count(), 1);
    let seen = lines(&shop, "signIn").await;
    let results: Vec<_> = seen.iter().map(|line| &line["result"]).collect();
    assert_eq!(results, ["REFUSED", "OK"]);
    assert_eq!(seen[0]["errorCode"], "WRONG_CREDENTIALS");
    assert_eq!(seen[0]["from"], "127.0.0.1");
    assert!(seen[0]["actor"].as_str().unwrap().starts_with("acc_"));
    assert_eq!(seen[0]["actor"], seen[1]["actor"]);
    let account = format!("{}/account", shop.base);
    other
        .submit(&account, &format!("{}/sign-out", shop.base), &[])
        .await;
    assert_eq!(lines(&shop, "signOut").await.len(), 1);
    // Somebody else's page tells nothing of it.
    let mut berta = shop.browser();
    sign_up(
        &mut berta,
        shop.api.store(),
        &shop.base,
        "berta@mail.example",
    )
    .await;
    let page = berta.visit(&account).await;
    assert!(!page.says("<strong>refused</strong>"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_an_account_leaves_the_same_lines_and_no_address() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    sign_up(&mut shop.browser(), store, &shop.base, ANNA).await;
    let at = format!("{}/sign-in", shop.base);
    let rows = "SELECT (SELECT count(*) FROM audit_log)
                     + (SELECT count(*) FROM audit_outcomes) AS number";
    let mut written = Vec::new();
    for email in [ANNA, "nobody@mail.example"] {
        let (before, hashes) = (
            shop.api.database.number(rows).await,
            store.password_hashes(),
        );
        let wrong = [("email", email), ("password", "wrong")];
        shop.browser().submit(&at, &at, &wrong).await;
        let after = shop.api.database.number(rows).await;
        written.push((after - before, store.password_hashes() - hashes));
    }
    assert_eq!(written[0], written[1], "the same work");
    let seen = lines(&shop, "signIn").await;
    assert_eq!(seen[1]["actor"], "anonymous");
    assert_eq!(seen[1]["subject"], json!(shop.id.to_string()));
    let kept = "SELECT count(*) AS number FROM audit_log l WHERE l::text LIKE '%nobody@mail%'";
    assert_eq!(shop.api.database.number(kept).await, 0);
    // A storefront learns of neither.
    let token = shop.api.token(ClientFor::Storefront(shop.id)).await;
    let query = "{ auditLog { nodes { id } } }";
    let answer = shop.api.ask(&token, query, json!({})).await;
    assert_eq!(crate::support::code(&answer), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn leave_for_an_application_is_written_down_once_and_so_is_its_end() {
    let shop = Shop::new().await;
    let mut browser = shop.browser();
    sign_up(&mut browser, shop.api.store(), &shop.base, ANNA).await;
    shop.code(&mut browser, "none").await;
    shop.code(&mut browser, "none").await;
    let given = lines(&shop, "consentGive").await;
    assert_eq!(given.len(), 1, "only what is new: {given:?}");
    assert_eq!(given[0]["subject"], json!(shop.client_id));
    let account = format!("{}/account", shop.base);
    let page = browser.visit(&account).await;
    let rest = page.text.split("applications/end").nth(1).unwrap();
    let id = rest.split("name=\"id\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap().to_owned();
    let end = format!("{account}/applications/end");
    browser.submit(&account, &end, &[("id", &id)]).await;
    assert_eq!(lines(&shop, "consentEnd").await.len(), 1);
}
