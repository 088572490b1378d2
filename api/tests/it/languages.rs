//! The catalogue in the reader's language.

use serde_json::{Value, json};

use crate::{visitor::public_token, world::World};

const QUERY: &str = "query($locale: Locale) { applications { nodes {
    name(locale: $locale) summary(locale: $locale)
    versions(last: 1) { nodes { options(locale: $locale) {
        title description choices choiceTitles
    } } }
} } }";

/// A version whose option is in English and German.
pub async fn publish(world: &World) {
    let option = json!({
        "name": "registration", "title": "Who can register", "description": "Others can't.",
        "kind": "CHOICE", "choices": ["OPEN", "CLOSED"], "choiceTitles": ["Anybody", "Nobody"],
        "translations": [{
            "locale": "DE", "title": "Wer sich anmelden kann", "choiceTitles": ["Alle", "Niemand"],
        }],
    });
    let input = json!({
        "idempotencyKey": "languages", "slug": "matrix", "name": "Matrix", "summary": "Chat.",
        "translations": [{ "locale": "DE", "name": "Matrix", "summary": "Unterhaltungen." }],
        "version": "2", "imageId": world.ids["Image"], "memoryBytes": 1 << 30, "vcpus": 1,
        "dataBytes": 1 << 30, "httpPort": 80, "probe": { "path": "/", "deadlineSeconds": 60 },
        "options": [option],
    });
    let mutation = "applicationPublish";
    world.api.make(&world.platform, mutation, input, "").await;
}

/// The summary, and what is read of the option, as a reader of these languages sees them.
async fn read(world: &World, token: &str, accept: &str, locale: Option<&str>) -> (Value, Value) {
    let body = json!({ "query": QUERY, "variables": { "locale": locale } });
    let request = world.api.post(token).header("accept-language", accept);
    let answer: Value = request
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let application = &answer["data"]["applications"]["nodes"][0];
    let option = application["versions"]["nodes"][0]["options"][0].clone();
    (application["summary"].clone(), option)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_in_the_language_that_is_asked_for_or_liked_best() {
    let world = World::new().await;
    publish(&world).await;
    let visitor = public_token(&world.api, &world.shop_a).await;
    for token in [&visitor, &world.shop_a, &world.owner_a, &world.platform] {
        for (accept, asked, summary) in [
            ("de-AT, en;q=0.5", None, "Unterhaltungen."),
            ("en", None, "Chat."),
            // What wasn't translated is told as it is.
            ("fr", None, "Chat."),
            ("en", Some("DE"), "Unterhaltungen."),
            ("de", Some("EN"), "Chat."),
            // A language that we don't have says nothing: it is the storefront's, which is English.
            ("nl", None, "Chat."),
        ] {
            let (found, _) = read(&world, token, accept, asked).await;
            assert_eq!(found, summary, "{accept} {asked:?}");
        }
    }
    let (_, option) = read(&world, &visitor, "de", None).await;
    assert_eq!(
        option,
        json!({
            "title": "Wer sich anmelden kann", "description": "Others can't.",
            "choices": ["OPEN", "CLOSED"], "choiceTitles": ["Alle", "Niemand"],
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_reads_the_storefronts_language() {
    let world = World::new().await;
    publish(&world).await;
    let input = json!({
        "idempotencyKey": "DE", "storefrontId": world.ids["Storefront"], "locale": "DE",
    });
    let mutation = "storefrontUpdate";
    world.api.make(&world.shop_a, mutation, input, "").await;
    let visitor = public_token(&world.api, &world.shop_a).await;
    for (token, summary) in [
        (&visitor, "Unterhaltungen."),
        (&world.shop_a, "Unterhaltungen."),
        (&world.owner_a, "Unterhaltungen."),
        (&world.shop_b, "Chat."),
        (&world.platform, "Chat."),
    ] {
        let (found, _) = read(&world, token, "", None).await;
        assert_eq!(found, summary);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_found_by_the_storefronts_own_number() {
    let world = World::new().await;
    let mut order = world.order(&world.ids["Tenant"], "number.example");
    order["externalId"] = json!("order-7");
    let fields = "deployment { id externalId }";
    let mutation = "deploymentCreate";
    let made = world
        .api
        .make(&world.shop_a, mutation, order.clone(), fields)
        .await;
    let query = "query($id: String) { deployments(filter: { externalId: $id }) { nodes { id } } }";
    for (token, id, found) in [
        (&world.shop_a, "order-7", 1),
        (&world.owner_a, "order-7", 1),
        (&world.platform, "order-7", 1),
        (&world.shop_b, "order-7", 0),
        (&world.shop_a, "order-8", 0),
    ] {
        let data = world.api.data(token, query, json!({ "id": id })).await;
        let nodes = data["deployments"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), found, "{id}");
        if found == 1 {
            assert_eq!(nodes[0]["id"], made["deployment"]["id"]);
        }
    }
    order["idempotencyKey"] = json!("again");
    order["domainName"] = json!("again.example");
    let taken = world.api.try_make(&world.shop_a, mutation, order, "").await;
    assert_eq!(taken["userErrors"][0]["code"], "ALREADY_EXISTS");
    assert_eq!(
        taken["userErrors"][0]["field"],
        json!(["input", "externalId"])
    );
}
