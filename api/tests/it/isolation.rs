//! Every id of a tenant, on every field and argument that takes an id: for anybody else it must
//! look the same as an id that nobody has. The schema is walked, so a new field is covered the day
//! it is added.

use berth_model::ID_KINDS;
use serde_json::{Value, json};

use crate::{
    inputs::{Schema, Slot, arguments, noun, type_of, unknown},
    subscription::first_answer,
    world::World,
};

/// What everybody may see.
const SHARED: [&str; 4] = ["Application", "ApplicationVersion", "Plan", "Site"];

/// The answer without what may differ: the id itself, and the cost that is left.
pub fn shape(mut answer: Value, id: &str) -> String {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("extensions");
    }
    answer.to_string().replace(id, "ID")
}

/// Ids of what is not for everybody, and for each an id that nobody has.
pub fn secrets(world: &World) -> Vec<(&'static str, String, String)> {
    let nouns = ID_KINDS
        .iter()
        .map(|(_, noun)| *noun)
        .filter(|noun| !SHARED.contains(noun));
    nouns
        .map(|noun| {
            let known = world.ids.get(noun);
            let known = known.unwrap_or_else(|| panic!("the world needs a row of {noun}"));
            (noun, known.clone(), unknown(noun))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walls_have_something_to_hide() {
    let world = World::new().await;
    let query = "query($id: ID!) { node(id: $id) { id __typename } }";
    for (noun, id, _) in secrets(&world) {
        let data = world
            .api
            .data(&world.platform, query, json!({ "id": id }))
            .await;
        assert_eq!(data["node"], json!({ "id": id, "__typename": noun }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_do_not_tell_a_foreign_id_from_an_unknown_one() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    let mut tried = 0;
    for field in schema.fields("Query") {
        let name = field["name"].as_str().unwrap();
        let selection = schema.selection(&type_of(field));
        for argument in arguments(field) {
            for (path, declared) in id_places(&schema, &argument) {
                let query = format!(
                    "query($v: {declared}) {{ {name}({}: $v) {selection} }}",
                    argument.name
                );
                for token in [&world.owner_b, &world.shop_b] {
                    for (noun, foreign, unknown) in secrets(&world) {
                        let ask = |id: &str| json!({ "v": put(&path, &argument, id) });
                        let one = world.api.ask(token, &query, ask(&foreign)).await;
                        let other = world.api.ask(token, &query, ask(&unknown)).await;
                        assert_eq!(
                            shape(one, &foreign),
                            shape(other, &unknown),
                            "{name} {noun}"
                        );
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 150, "only {tried} questions were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_roots_take_ids() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    for ty in schema.types() {
        let name = ty["name"].as_str().unwrap();
        if matches!(name, "Query" | "Mutation" | "Subscription") || name.starts_with("__") {
            continue;
        }
        for field in schema.fields(name) {
            for argument in arguments(field) {
                let places = id_places(&schema, &argument);
                assert!(
                    places.is_empty(),
                    "{name}.{}: teach the walk this argument",
                    field["name"]
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_do_not_tell_a_foreign_id_from_an_unknown_one() {
    let world = World::with_two_machines().await;
    let schema = Schema::read(&world).await;
    let mut tried = 0;
    for field in schema.fields("Mutation") {
        let name = field["name"].as_str().unwrap();
        let ty = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        for slot in schema
            .inputs(&ty)
            .into_iter()
            .filter(|slot| slot.ty == "ID")
        {
            let noun = noun(&slot.name);
            if SHARED.contains(&noun) {
                continue;
            }
            for (index, token) in [&world.owner_b, &world.shop_b].into_iter().enumerate() {
                let mut answers = Vec::new();
                for id in [world.ids[noun].clone(), unknown(noun)] {
                    let mut input = schema.input(&world, name, &format!("k{tried}"));
                    if input.get("idempotencyKey").is_some() {
                        input["idempotencyKey"] = json!(format!("{name}{}{index}{id}", slot.name));
                    }
                    input[&slot.name] = if slot.list { json!([id]) } else { json!(id) };
                    let payload = world.api.try_make(token, name, input, "").await;
                    let code = &payload["userErrors"][0]["code"];
                    let walled = code == "NOT_FOUND" || code == "FORBIDDEN";
                    assert!(walled, "{name}({}) as B: {payload}", slot.name);
                    answers.push(payload.to_string().replace(&id, "ID"));
                    tried += 1;
                }
                assert_eq!(answers[0], answers[1], "{name}({})", slot.name);
            }
        }
    }
    assert!(tried > 50, "only {tried} changes were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_do_not_tell_a_foreign_id_from_an_unknown_one() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    for field in schema.fields("Subscription") {
        let name = field["name"].as_str().unwrap();
        let selection = schema.selection(&type_of(field));
        for argument in arguments(field)
            .into_iter()
            .filter(|argument| argument.ty == "ID")
        {
            for token in [&world.owner_b, &world.shop_b] {
                for (noun, foreign, unknown) in secrets(&world) {
                    let mut answers = Vec::new();
                    for id in [foreign, unknown] {
                        let query = format!(
                            "subscription {{ {name}({}: \"{id}\") {selection} }}",
                            argument.name
                        );
                        let answer = first_answer(&world.api, token, &query).await;
                        answers.push(shape(answer, &id));
                    }
                    assert_eq!(answers[0], answers[1], "{name} {noun}");
                    assert!(
                        answers[0].contains("errors"),
                        "{name} {noun}: {}",
                        answers[0]
                    );
                }
            }
        }
    }
}

/// Where an argument takes ids: itself, or fields of its input type; with the type to declare.
fn id_places(schema: &Schema, argument: &Slot) -> Vec<(Vec<String>, String)> {
    let declared = match (argument.list, argument.required) {
        (true, _) => format!("[{}!]!", argument.ty),
        (false, true) => format!("{}!", argument.ty),
        (false, false) => argument.ty.clone(),
    };
    if argument.ty == "ID" {
        return vec![(Vec::new(), declared)];
    }
    let mut places = Vec::new();
    let inputs = schema
        .types()
        .iter()
        .any(|ty| ty["name"] == argument.ty.as_str() && ty["kind"] == "INPUT_OBJECT");
    if inputs {
        for field in schema.inputs(&argument.ty) {
            for (mut path, _) in id_places(schema, &field) {
                path.insert(0, field.name.clone());
                places.push((path, declared.clone()));
            }
        }
    }
    places
}

/// A value of the argument with the id in its place.
fn put(path: &[String], argument: &Slot, id: &str) -> Value {
    let inner = if path.is_empty() && argument.list {
        json!([id])
    } else {
        json!(id)
    };
    path.iter()
        .rev()
        .fold(inner, |value, name| json!({ name.as_str(): value }))
}
