//! The provider's support: signs in, sees state, and acts for a tenant by a grant, which ends with what it came of.

use berth_model::{
    ClientCreate, ClientFor, InvitationCreate, MemberCreate, PageRequest, PlatformRole, Role,
    TenantId,
};
use serde_json::{Value, json};

use super::{
    browser::{Browser, PASSWORD, code, sign_up},
    invitation::{answer, invitation, tenant},
    shop::{REDIRECT, Shop, VERIFIER, parameter},
};
use crate::support::platform;

const SUE: &str = "sue@provider.example";

/// One of the provider's people, signed in, and the token of a program that they let act for them.
struct Staff {
    browser: Browser,
    token: String,
}

/// One of the provider's people, from the invitation of the command line to a token.
async fn staff(shop: &Shop, role: Role) -> Staff {
    let store = shop.api.store();
    let email = SUE;
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
    let tokens: Value = request.send().await.unwrap().json().await.unwrap();
    let token = tokens["access_token"].as_str();
    Staff {
        token: token.unwrap_or_else(|| panic!("{tokens}")).to_owned(),
        browser: sue,
    }
}

/// What begins a grant for a tenant: its token.
async fn granted(shop: &Shop, token: &str, tenant: TenantId) -> String {
    let input = json!({
        "idempotencyKey": "g", "tenantId": tenant.to_string(), "role": "SUPPORT",
        "reason": "Ticket 7", "minutes": 30,
    });
    let made = shop
        .api
        .make(token, "supportGrantCreate", input, "token")
        .await;
    made["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn support_signs_in_sees_state_and_acts_by_a_grant_that_the_tenant_ends() {
    let shop = Shop::new().await;
    let (tenant, owner) = tenant(&shop, "Choir").await;
    let Staff { token, .. } = staff(&shop, Role::PlatformSupport).await;
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
    let acting = granted(&shop, &token, tenant).await;
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

/// How a question ends that is asked by a grant's token.
async fn asked(shop: &Shop, acting: &str) -> String {
    let answer = shop.api.ask(acting, "{ viewer { kind } }", json!({})).await;
    crate::support::code(&answer).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grants_token_ends_with_the_sign_in_that_it_came_of() {
    for (name, ends) in [
        ("another password", "/account/password"),
        ("a reset", "/reset"),
        ("leave taken back", "/account/applications/end"),
    ] {
        let shop = Shop::new().await;
        let (tenant, _) = tenant(&shop, "Choir").await;
        let Staff { mut browser, token } = staff(&shop, Role::PlatformSupport).await;
        let acting = granted(&shop, &token, tenant).await;
        assert_eq!(asked(&shop, &acting).await, "no error");
        let new = "seven quiet lighthouses";
        match ends {
            "/reset" => {
                browser.submit(ends, ends, &[("email", SUE)]).await;
                let code = code(shop.api.store(), SUE).await;
                let fields = [("code", code.as_str()), ("password", new)];
                browser.submit("/reset/code", "/reset/code", &fields).await;
            }
            "/account/password" => {
                let fields = [("current", PASSWORD), ("password", new)];
                browser.submit("/account", ends, &fields).await;
            }
            _ => {
                let page = browser.visit("/account").await;
                let rest = page.text.split(ends).nth(1).unwrap();
                let key = rest.split("name=\"id\" value=\"").nth(1).unwrap();
                let key = key.split('"').next().unwrap();
                browser.submit("/account", ends, &[("id", key)]).await;
            }
        }
        assert_eq!(asked(&shop, &acting).await, "UNAUTHENTICATED", "{name}");
        assert_eq!(asked(&shop, &token).await, "UNAUTHENTICATED", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_to_the_provider_finds_no_token_of_before() {
    let shop = Shop::new().await;
    let store = shop.api.store();
    let (tenant, _) = tenant(&shop, "Choir").await;
    let Staff { token, .. } = staff(&shop, Role::PlatformSupport).await;
    let acting = granted(&shop, &token, tenant).await;
    let data = shop
        .api
        .data(&token, "{ viewer { account { name email } } }", json!({}))
        .await;
    let page = PageRequest::first(10);
    let members = store
        .member_list(&platform(), page, TenantId::PLATFORM)
        .await;
    let member = members.unwrap().items.remove(0);
    store.member_delete(&platform(), member.id).await.unwrap();
    assert_eq!(asked(&shop, &acting).await, "UNAUTHENTICATED");
    let again = MemberCreate {
        tenant_id: TenantId::PLATFORM,
        name: data["viewer"]["account"]["name"]
            .as_str()
            .unwrap()
            .to_owned(),
        email: SUE.parse().unwrap(),
        role: Role::PlatformSupport,
    };
    store.member_create(&platform(), again).await.unwrap();
    assert_eq!(asked(&shop, &acting).await, "UNAUTHENTICATED");
}
