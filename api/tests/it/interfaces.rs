//! async-graphql doesn't ask the guards of a field that is read through an interface. So none may be
//! needed: what a caller can't read by name it can't read through an interface or a union either.
//! The schema is walked, so a new type and a new field are covered the day they are added.

use serde_json::json;

use crate::{
    inputs::{Schema, arguments, type_of},
    isolation::{secrets, shape},
    world::World,
};

/// A field that gives an interface or a union.
struct Place {
    on: String,
    name: String,
    /// The interface or the union.
    ty: String,
}

fn places(schema: &Schema) -> Vec<Place> {
    let mut places = Vec::new();
    for ty in schema.types() {
        let on = ty["name"].as_str().unwrap();
        if on.starts_with("__") {
            continue;
        }
        for field in schema.fields(on) {
            let ty = type_of(field);
            if schema.is_abstract(&ty) {
                let (on, name) = (on.to_owned(), field["name"].as_str().unwrap().to_owned());
                places.push(Place { on, name, ty });
            }
        }
    }
    places
}

/// All that can be asked of whatever an interface or a union stands for.
fn everything(schema: &Schema, ty: &str) -> String {
    let each = schema.possible(ty).into_iter();
    let each: String = each
        .map(|object| format!("... on {object} {{ {} }} ", schema.everything(object)))
        .collect();
    format!("__typename ... on Node {{ id }} {each}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interface_stands_for_every_noun() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    let mut nouns: Vec<&str> = berth_model::ID_KINDS
        .iter()
        .map(|(_, noun)| *noun)
        .collect();
    let mut possible = schema.possible("Node");
    nouns.sort_unstable();
    possible.sort_unstable();
    assert_eq!(possible, nouns);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_id_gives_nothing_through_an_interface() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    let mut tried = 0;
    for place in places(&schema).iter().filter(|place| place.on == "Query") {
        let mut fields = schema.fields("Query").iter();
        let field = fields.find(|field| field["name"] == place.name.as_str());
        let [argument] = arguments(field.unwrap())
            .try_into()
            .ok()
            .expect("one argument");
        assert_eq!(
            argument.ty, "ID",
            "{}: teach the walk this argument",
            place.name
        );
        let declared = if argument.list { "[ID!]!" } else { "ID!" };
        let query = format!(
            "query($id: {declared}) {{ found: {}({}: $id) {{ {} }} }}",
            place.name,
            argument.name,
            everything(&schema, &place.ty)
        );
        let id = |id: &str| {
            let id = if argument.list {
                json!([id])
            } else {
                json!(id)
            };
            json!({ "id": id })
        };
        for (noun, foreign, unknown) in secrets(&world) {
            // The question itself is a good one.
            let seen = world.api.ask(&world.platform, &query, id(&foreign)).await;
            let found = &seen["data"]["found"];
            let found = if argument.list { &found[0] } else { found };
            assert_eq!(found["__typename"], noun, "{}: {seen}", place.name);
            for token in [&world.owner_b, &world.shop_b] {
                let hidden = world.api.ask(token, &query, id(&foreign)).await;
                let nobodys = world.api.ask(token, &query, id(&unknown)).await;
                let found = &hidden["data"]["found"];
                let nothing = found.is_null() || *found == json!([null]);
                assert!(nothing, "{} {noun}: {hidden}", place.name);
                assert_eq!(shape(hidden, &foreign), shape(nobodys, &unknown));
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "only {tried} were tried");
}

/// What leads from a thing to another through an interface or a union leads only to what the caller
/// could also have asked for by its id.
#[tokio::test(flavor = "multi_thread")]
async fn a_visible_thing_leads_to_nothing_hidden() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    let direct = "query($id: ID!) { found: node(id: $id) { id __typename } }";
    let mut reached = 0;
    for place in places(&schema) {
        if place.on == "Query" {
            continue;
        }
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on {} {{ found: {} {{ {} }} }} }} }}",
            place.on,
            place.name,
            everything(&schema, &place.ty)
        );
        let own = world.ids.get(place.on.as_str()).into_iter();
        let ids: Vec<&String> = own.chain(world.mine.get(place.on.as_str())).collect();
        assert!(
            !ids.is_empty(),
            "{}.{}: teach the walk the way to it",
            place.on,
            place.name
        );
        for token in [&world.owner_a, &world.shop_a, &world.owner_b, &world.shop_b] {
            for id in &ids {
                let answer = world.api.ask(token, &query, json!({ "id": id })).await;
                assert_eq!(answer.get("errors"), None, "{answer}");
                let found = &answer["data"]["node"]["found"];
                if found.is_null() {
                    continue;
                }
                let id = json!({ "id": found["id"] });
                let same = world.api.ask(token, direct, id).await;
                let (found, same) = (&found["__typename"], &same["data"]["found"]["__typename"]);
                assert_eq!(found, same, "{}.{}", place.on, place.name);
                reached += 1;
            }
        }
    }
    assert!(
        reached > 0,
        "nothing was reached: the test would notice nothing"
    );
}
