//! What people are asked on the consent page is what they let a client do: no less, and no more later.

use berth_model::{ClientCreate, ClientFor, Role};
use serde_json::{Value, json};

use super::{
    browser::{Browser, sign_up},
    invitation::tenant,
    shop::{REDIRECT, Shop, parameter},
};
use crate::support::platform;

const ANNA: &str = "anna@mail.example";
/// What the page says of `client:admin`.
const CLIENTS: &str = "give programs access";

/// Lets the shop's client do what it asks for, for a tenant. What the page said, and the tokens.
async fn allowed(shop: &Shop, anna: &mut Browser, scope: &str, tenant: &str) -> (String, Value) {
    let request = shop.request(&[("scope", scope)]);
    let page = anna.visit(&request).await;
    let fields = [("decision", "allow"), ("tenant", tenant)];
    let answer = anna.submit(&request, &request, &fields).await;
    let code = parameter(&answer, "code").unwrap_or_else(|| panic!("{:?}", answer.location));
    (page.text, shop.redeem(&code).await.1)
}

/// The provider's own pages, with a client of the provider's.
async fn provider(shop: Shop) -> Shop {
    let create = ClientCreate {
        redirect_uris: vec![REDIRECT.parse().unwrap()],
        ..ClientCreate::new("console", ClientFor::PROVIDER)
    };
    let made = shop.api.store().client_create(&platform(), create).await;
    let (client, secret) = made.unwrap();
    Shop {
        base: String::new(),
        client_id: client.id.to_string(),
        secret,
        ..shop
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_an_owners_to_make_where_the_tenant_resells_and_nowhere_else() {
    let shop = Shop::new().await;
    let (tenant, _) = tenant(&shop, "Choir").await;
    let mut anna = shop.browser();
    sign_up(&mut anna, shop.api.store(), &shop.base, ANNA).await;
    let scope = "tenant:read client:read client:admin";
    let (page, tokens) = allowed(&shop, &mut anna, scope, &tenant.to_string()).await;
    assert!(!page.contains(CLIENTS), "{page}");
    assert_eq!(tokens["scope"], "tenant:read client:read");
    let only = [("scope", "client:admin")];
    let answer = anna.visit(&shop.request(&only)).await;
    let error = parameter(&answer, "error");
    assert_eq!(
        error.as_deref(),
        Some("invalid_scope"),
        "{:?}",
        answer.location
    );

    let storefront = shop.id.to_string();
    let shop = provider(shop).await;
    let token = shop.api.token(ClientFor::PROVIDER).await;
    let input = json!({
        "idempotencyKey": "1", "name": "Reseller", "ownerName": "Anna", "ownerEmail": ANNA,
    });
    let made = shop
        .api
        .make(&token, "tenantCreate", input, "tenant { id }")
        .await;
    let tenant = made["tenant"]["id"].as_str().unwrap();
    let mut anna = shop.browser();
    sign_up(&mut anna, shop.api.store(), "", ANNA).await;
    let (page, tokens) = allowed(&shop, &mut anna, scope, tenant).await;
    assert!(!page.contains(CLIENTS), "{page}");
    assert_eq!(tokens["scope"], "tenant:read client:read");
    // Once it resells one, she is asked about that, and may.
    let input = json!({ "idempotencyKey": "2", "storefrontId": storefront, "resellerId": tenant });
    shop.api.make(&token, "storefrontUpdate", input, "").await;
    let (page, tokens) = allowed(&shop, &mut anna, scope, tenant).await;
    assert!(page.contains(CLIENTS), "{page}");
    assert_eq!(tokens["scope"], scope);
    let input = json!({
        "idempotencyKey": "3", "name": "backend", "actsFor": { "storefront": storefront },
    });
    let token = tokens["access_token"].as_str().unwrap();
    shop.api
        .make(token, "clientCreate", input, "client { id }")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_grows_opens_no_more_than_was_asked_about() {
    let shop = Shop::new().await;
    let (tenant, _) = tenant(&shop, "Choir").await;
    let mut ben = shop.browser();
    sign_up(&mut ben, shop.api.store(), &shop.base, "ben@mail.example").await;
    let backend = shop.api.token(ClientFor::Storefront(shop.id)).await;
    let input = json!({
        "idempotencyKey": "1", "tenantId": tenant.to_string(), "name": "Ben",
        "email": "ben@mail.example", "role": Role::Viewer.as_str(),
    });
    let made = shop
        .api
        .make(&backend, "memberCreate", input, "member { id }")
        .await;
    let scope = "tenant:read tenant:write";
    let (_, tokens) = allowed(&shop, &mut ben, scope, &tenant.to_string()).await;
    assert_eq!(tokens["scope"], "tenant:read");
    let input = json!({ "idempotencyKey": "2", "memberId": made["member"]["id"], "role": "OWNER" });
    shop.api
        .make(&backend, "memberUpdate", input, "member { id }")
        .await;
    let stop = json!({ "idempotencyKey": "3", "deploymentId": format!("dep_{}", "0".repeat(32)) });
    let stopped = async |tokens: &Value| {
        let token = tokens["access_token"].as_str().unwrap();
        let payload = shop
            .api
            .try_make(token, "deploymentStop", stop.clone(), "")
            .await;
        payload["userErrors"][0]["code"].clone()
    };
    assert_eq!(stopped(&tokens).await, "FORBIDDEN");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let (_, tokens) = shop.refresh(refresh).await;
    assert_eq!(stopped(&tokens).await, "FORBIDDEN");
    // The client asks again, and so is he.
    let (page, tokens) = allowed(&shop, &mut ben, scope, &tenant.to_string()).await;
    assert!(page.contains("wants to act in your name"), "{page}");
    assert_eq!(tokens["scope"], scope);
    assert_eq!(stopped(&tokens).await, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_chooses_what_is_not_theirs() {
    let shop = Shop::new().await;
    let (tenant, _) = tenant(&shop, "Choir").await;
    let mut ben = shop.browser();
    sign_up(&mut ben, shop.api.store(), &shop.base, "ben@mail.example").await;
    let request = shop.request(&[]);
    for choice in [tenant.to_string().as_str(), "ten_1", "", "none none"] {
        let answer = shop.allow(&mut ben, &request, choice).await;
        let error = parameter(&answer, "error");
        assert_eq!(error.as_deref(), Some("access_denied"), "{choice:?}");
        assert_eq!(parameter(&answer, "code"), None, "{choice:?}");
    }
}
