//! Becoming a member by a code from a mail, in a browser; and what the provider's people do with theirs.

use berth_model::{
    ClientCreate, ClientFor, InvitationCreate, NoticeBody, PlatformRole, Role, TenantId,
};
use serde_json::json;

use super::{
    browser::{Browser, mail, sign_up},
    shop::{REDIRECT, Shop, VERIFIER, parameter},
};
use crate::support::platform;

/// The code of an invitation, and the page that its mail names.
async fn invitation(shop: &Shop, to: &str) -> (String, String) {
    match mail(shop.api.store(), to).await {
        NoticeBody::Invitation { code, url, .. } => (code, url),
        other => panic!("{other:?}"),
    }
}

/// A tenant of the shop with an owner, and the token of the owner's own client.
async fn tenant(shop: &Shop, name: &str) -> (TenantId, String) {
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

async fn answer(browser: &mut Browser, base: &str, code: &str, answer: &str) -> String {
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

/// One of the provider's people, from the invitation of the command line to a token.
async fn staff(shop: &Shop, role: Role) -> String {
    let store = shop.api.store();
    let email = "sue@provider.example";
    let input = InvitationCreate {
        tenant_id: TenantId::PLATFORM,
        email: email.parse().unwrap(),
        role,
    };
    store
        .invitation_create(&platform(), input, &shop.api.url)
        .await
        .unwrap();
    let (code, url) = invitation(shop, email).await;
    assert_eq!(url, format!("{}/account", shop.api.url));
    let mut sue = shop.browser();
    sign_up(&mut sue, store, "", email).await;
    answer(&mut sue, "", &code, "accept").await;
    let create = ClientCreate {
        redirect_uris: vec![REDIRECT.parse().unwrap()],
        ..ClientCreate::new("console", ClientFor::Platform(PlatformRole::Admin))
    };
    let (client, secret) = store.client_create(&platform(), create).await.unwrap();
    let scopes = "tenant:read fleet:read support:act catalogue:write";
    let other = [
        ("client_id", client.id.to_string()),
        ("scope", scopes.to_owned()),
    ];
    let other: Vec<_> = other
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let request = shop.request(&other);
    let page = shop
        .allow(&mut sue, &request, &TenantId::PLATFORM.to_string())
        .await;
    let code = parameter(&page, "code").unwrap_or_else(|| panic!("{}", page.text));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let request = shop.api.http.post(format!("{}/oauth/token", shop.api.url));
    let request = request
        .basic_auth(client.id.to_string(), secret)
        .form(&form);
    let tokens: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    tokens["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{tokens}"))
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn support_signs_in_sees_state_and_acts_by_a_grant_that_the_tenant_ends() {
    let shop = Shop::new().await;
    let (tenant, owner) = tenant(&shop, "Choir").await;
    let token = staff(&shop, Role::PlatformSupport).await;
    let data = shop
        .api
        .data(
            &token,
            "{ viewer { kind role account { email } } }",
            json!({}),
        )
        .await;
    let viewer = json!({
        "kind": "PLATFORM", "role": "PLATFORM_SUPPORT", "account": { "email": "sue@provider.example" },
    });
    assert_eq!(data["viewer"], viewer);
    let site = json!({ "input": { "idempotencyKey": "s", "name": "Kiel" } });
    let mutation = "mutation($input: SiteCreateInput!) {
        siteCreate(input: $input) { userErrors { code } } }";
    let refused = shop.api.data(&token, mutation, site).await;
    assert_eq!(refused["siteCreate"]["userErrors"][0]["code"], "FORBIDDEN");
    let input = json!({
        "idempotencyKey": "g", "tenantId": tenant.to_string(), "role": "SUPPORT",
        "reason": "Ticket 7", "minutes": 30,
    });
    let fields = "token supportGrant { id staffName expiresAt tenant { name } }";
    let made = shop
        .api
        .make(&token, "supportGrantCreate", input, fields)
        .await;
    let acting = made["token"].as_str().unwrap().to_owned();
    let seen = "{ viewer { kind role tenant { name } } }";
    let data = shop.api.data(&acting, seen, json!({})).await;
    let viewer = json!({ "kind": "TENANT", "role": "SUPPORT", "tenant": { "name": "Choir" } });
    assert_eq!(data["viewer"], viewer);
    let query = "query($id: ID!) { node(id: $id) { ... on Tenant {
        supportGrants { nodes { id staffName role reason endedAt } } } } }";
    let data = shop
        .api
        .data(&owner, query, json!({ "id": tenant.to_string() }))
        .await;
    let grant = &data["node"]["supportGrants"]["nodes"][0];
    assert_eq!(
        (&grant["staffName"], &grant["reason"]),
        (&json!("Anna"), &json!("Ticket 7"))
    );
    let input = json!({ "idempotencyKey": "e", "supportGrantId": grant["id"] });
    let ended = shop
        .api
        .make(&owner, "supportGrantEnd", input, "supportGrant { endedAt }")
        .await;
    assert!(ended["supportGrant"]["endedAt"].is_string());
    let gone = shop.api.ask(&acting, seen, json!({})).await;
    assert_eq!(crate::support::code(&gone), "UNAUTHENTICATED");
}
