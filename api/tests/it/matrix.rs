//! Who sees and does what over GraphQL: every kind of caller on every field, made by running the
//! schema. A field that is new has no row in the golden file, and so fails.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write as _,
};

use berth_model::{ClientFor, ID_KINDS, Role, TenantId};
use serde_json::{Value, json};

use crate::{
    inputs::{Schema, arguments, given, type_of},
    pages::shop::{person, staff},
    subscription::first_answer,
    support::code,
    visitor::public_token,
    world::World,
};

const HEAD: &str = "\
Each line is a field, each column a caller:
  P the provider's program, Y and Z its people: support and billing; S the storefront,
  O owner, A admin, B billing, U support, V viewer of the tenant,
  p a person of the storefront who acts for no tenant, w anybody with its public token;
  then another storefront (s) and an owner of another tenant (o).
+ allowed  0 hidden: nothing, where the provider sees something  F FORBIDDEN  N NOT_FOUND
. nobody sees anything: there is none
";

/// Shown by the nouns in them.
fn is_frame(ty: &str) -> bool {
    ty.ends_with("Connection") || ty.ends_with("Edge") || ty == "PageInfo"
}

/// What a mutation answers with: its own line says who gets it.
fn is_answer(ty: &str) -> bool {
    ty.ends_with("Payload") || matches!(ty, "UserError" | "Handover")
}

/// Whether its fields have lines of their own.
fn is_open(ty: &str) -> bool {
    !is_frame(ty) && !is_answer(ty)
}

/// A way to a type: the query around its fields, and the keys to its answer.
#[derive(Clone)]
struct Way {
    before: String,
    after: String,
    keys: Vec<String>,
    noun: Option<&'static str>,
}

impl Way {
    /// To the type of a field with what it is given; of a union to one of its types.
    fn entered(&self, name: &str, given: &str, narrowed: Option<&str>) -> Self {
        let on = narrowed.map(|ty| format!("... on {ty} {{ "));
        let mut keys = self.keys.clone();
        keys.push(name.to_owned());
        Self {
            before: format!(
                "{}{name}{given} {{ {}",
                self.before,
                on.clone().unwrap_or_default()
            ),
            after: format!("{} }}{}", on.map(|_| " }").unwrap_or_default(), self.after),
            keys,
            noun: self.noun,
        }
    }
}

/// A way to every type that a question reaches; each noun by its id.
fn ways(schema: &Schema, world: &World) -> BTreeMap<String, Way> {
    let mut ways = BTreeMap::new();
    let mut next = VecDeque::from(["Query".to_owned()]);
    let query = Way {
        before: String::new(),
        after: String::new(),
        keys: Vec::new(),
        noun: None,
    };
    ways.insert("Query".to_owned(), query);
    for (_, noun) in ID_KINDS {
        let node = Way {
            before: format!("node(id: $id) {{ ... on {noun} {{ "),
            after: " } }".to_owned(),
            keys: vec!["node".to_owned()],
            noun: Some(noun),
        };
        ways.insert((*noun).to_owned(), node);
        next.push_back((*noun).to_owned());
    }
    while let Some(ty) = next.pop_front() {
        for field in schema.fields(&ty) {
            let (name, to) = (field["name"].as_str().unwrap(), type_of(field));
            let Some(given) = given(world, field).filter(|_| is_open(&to)) else {
                continue;
            };
            let inner = schema.possible(&to);
            for target in inner.into_iter().chain([to.as_str()]) {
                if schema.fields(target).is_empty() || ways.contains_key(target) {
                    continue;
                }
                let narrowed = (target != to).then_some(target);
                let way = ways[&ty].entered(name, &given, narrowed);
                ways.insert(target.to_owned(), way);
                next.push_back(target.to_owned());
            }
        }
    }
    ways
}

/// The provider: a program that may do everything, and two of its people.
async fn provider(world: &World) -> Vec<String> {
    vec![
        world.platform.clone(),
        staff(&world.api, Role::PlatformSupport).await,
        staff(&world.api, Role::PlatformBilling).await,
    ]
}

/// The callers of a tenant: clients of each role; and a person and a visitor of storefront A.
async fn callers(world: &World, tenant: &str) -> Vec<String> {
    let tenant: TenantId = tenant.parse().unwrap();
    let mut tokens = Vec::new();
    for role in Role::TENANT {
        let acts_for = ClientFor::Tenant(tenant, *role);
        tokens.push(world.api.token(acts_for).await);
    }
    let storefront = world.ids["Storefront"].parse().unwrap();
    tokens.push(person(&world.api, storefront).await);
    tokens.push(public_token(&world.api, &world.shop_a).await);
    tokens
}

/// What is at the end of the keys; of a list its first.
fn at<'a>(answer: &'a Value, keys: &[String], field: &str) -> &'a Value {
    let first = |value: &'a Value| match value {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        other => other,
    };
    let mut value = &answer["data"];
    for key in keys {
        value = first(&value[key.as_str()]);
    }
    &value[field]
}

fn is_seen(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => fields.get("edges").is_none_or(is_seen),
        _ => true,
    }
}

fn mark(answer: &Value, seen: bool, provider_sees: bool) -> char {
    match code(answer) {
        "no error" if seen => '+',
        "no error" if provider_sees => '0',
        "no error" => '.',
        "FORBIDDEN" => 'F',
        "NOT_FOUND" => 'N',
        other => panic!("{other}: {answer}"),
    }
}

fn line(name: &str, marks: &[char]) -> String {
    let marks: String = marks.iter().collect();
    let (own, other) = marks.split_at(11);
    format!("{name:48} {own} {other}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_caller_sees_what_is_written_down() {
    let world = World::new().await;
    let schema = Schema::read(&world).await;
    let mut tokens = provider(&world).await;
    tokens.push(world.shop_a.clone());
    tokens.extend(callers(&world, &world.ids["Tenant"]).await);
    tokens.extend([world.shop_b.clone(), world.owner_b.clone()]);
    let ways = ways(&schema, &world);
    let mut text = HEAD.to_owned();
    let mut missing = BTreeSet::new();
    for ty in schema.types() {
        let ty = ty["name"].as_str().unwrap();
        let root = matches!(ty, "Mutation" | "Subscription") || ty.starts_with("__");
        if root || !is_open(ty) || schema.fields(ty).is_empty() || schema.is_abstract(ty) {
            continue;
        }
        let Some(way) = ways.get(ty) else {
            missing.insert(ty.to_owned());
            continue;
        };
        for field in schema.fields(ty) {
            let name = field["name"].as_str().unwrap();
            let marks = question(&world, &schema, &tokens, way, field).await;
            writeln!(text, "{}", line(&format!("{ty}.{name}"), &marks)).unwrap();
        }
    }
    assert!(missing.is_empty(), "no way to {missing:?}");
    for field in schema.fields("Subscription") {
        let name = field["name"].as_str().unwrap();
        let marks = subscription(&world, &schema, &tokens, field).await;
        writeln!(text, "{}", line(&format!("Subscription.{name}"), &marks)).unwrap();
    }
    insta::assert_snapshot!(text);
}

/// One field, by every caller.
async fn question(
    world: &World,
    schema: &Schema,
    tokens: &[String],
    way: &Way,
    field: &Value,
) -> Vec<char> {
    let name = field["name"].as_str().unwrap();
    let selection = schema.selection(&type_of(field));
    let taken = arguments(field).into_iter().find(|slot| slot.ty == "ID");
    let given = given(world, field).filter(|given| !given.is_empty());
    let taken = taken.filter(|_| given.is_none());
    let head = if taken.is_some() || way.noun.is_some() {
        "query($id: ID!) "
    } else {
        ""
    };
    let taken = taken.map_or(String::new(), |slot| match slot.list {
        true => format!("({}: [$id])", slot.name),
        false => format!("({}: $id)", slot.name),
    });
    let given = given.unwrap_or(taken);
    let (before, after) = (&way.before, &way.after);
    let query = format!("{head}{{ {before}{name}{given} {selection}{after} }}");
    let noun = way.noun.unwrap_or("Deployment");
    let mut marks = Vec::new();
    let mut provider_sees = false;
    for token in tokens {
        let variables = json!({ "id": world.ids[noun] });
        let answer = world.api.ask(token, &query, variables).await;
        let seen = is_seen(at(&answer, &way.keys, name));
        provider_sees |= marks.is_empty() && seen;
        marks.push(mark(&answer, seen, provider_sees));
    }
    marks
}

async fn subscription(
    world: &World,
    schema: &Schema,
    tokens: &[String],
    field: &Value,
) -> Vec<char> {
    let name = field["name"].as_str().unwrap();
    let selection = schema.selection(&type_of(field));
    let taken = arguments(field).into_iter().find(|slot| slot.ty == "ID");
    let argument = taken.expect("a subscription to something").name;
    let mut marks = Vec::new();
    for token in tokens {
        let id = &world.ids["Operation"];
        let query = format!("subscription {{ {name}({argument}: \"{id}\") {selection} }}");
        // A visitor's connection doesn't begin at all.
        let answer = match token.starts_with("bp_") {
            true => world.api.ask(token, &query, json!({})).await,
            false => first_answer(&world.api, token, &query).await,
        };
        marks.push(mark(&answer, is_seen(&answer["data"][name]), true));
    }
    marks
}

/// What a mutation answers, and the code that it is refused with: as a user error, or before it began.
async fn change(world: &World, token: &str, name: &str, input: Value) -> (Value, Option<String>) {
    let ty = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query = format!(
        "mutation($input: {ty}!) {{ {name}(input: $input) {{ userErrors {{ code message }} }} }}"
    );
    let answer = world
        .api
        .ask(token, &query, json!({ "input": input }))
        .await;
    let error = match code(&answer) {
        "no error" => answer["data"][name]["userErrors"][0]["code"].as_str(),
        code => Some(code),
    };
    let refused = error.map(str::to_owned);
    (answer, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_caller_changes_what_is_written_down() {
    let mut rows: BTreeMap<String, Vec<char>> = BTreeMap::new();
    for caller in 0..13 {
        // A world of its own: some of the changes remove what others need.
        let world = World::with_two_machines().await;
        let schema = Schema::read(&world).await;
        let mut tokens = provider(&world).await;
        tokens.push(world.shop_b.clone());
        tokens.extend(callers(&world, &world.mine["Tenant"]).await);
        tokens.extend([world.shop_a.clone(), world.owner_a.clone()]);
        let mut fields: Vec<_> = schema.fields("Mutation").iter().collect();
        fields.sort_by_key(|field| field["name"].as_str().unwrap().ends_with("Delete"));
        for (index, field) in fields.into_iter().enumerate() {
            let name = field["name"].as_str().unwrap();
            let input = schema.input(&world, name, &format!("k{index}"));
            let (payload, refused) = change(&world, &tokens[caller], name, input).await;
            let mark = match refused.as_deref() {
                Some("FORBIDDEN") => 'F',
                Some("NOT_FOUND") => 'N',
                // Who gets as far as the thing's state may do it. Any other answer would say nothing
                // about the caller: the input was at fault.
                None | Some("WRONG_STATE" | "ALREADY_EXISTS") => '+',
                Some(_) => panic!("{name} by caller {caller}: {payload}"),
            };
            rows.entry(name.to_owned()).or_default().push(mark);
        }
    }
    let mut text = HEAD.to_owned();
    for (name, marks) in rows {
        writeln!(text, "{}", line(&name, &marks)).unwrap();
    }
    insta::assert_snapshot!(text);
}
