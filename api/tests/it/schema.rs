//! `schema.graphql` is what the binary serves, and everything in it is described.

use std::{env, fs, path::Path};

use async_graphql::Positioned;
use async_graphql::parser::{
    parse_schema,
    types::{FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition},
};

#[test]
fn the_file_is_the_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let now = berth_api::sdl();
    if env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == now,
        "schema.graphql is stale: run this test with UPDATE_SCHEMA=1 and look at it"
    );
}

/// Collects what has no description.
#[derive(Default)]
struct Missing(Vec<String>);

impl Missing {
    fn look(&mut self, place: &str, description: Option<&Positioned<String>>) {
        if description.is_none_or(|text| text.node.trim().is_empty()) {
            self.0.push(place.to_owned());
        }
    }

    fn fields(&mut self, place: &str, fields: &[Positioned<FieldDefinition>]) {
        for field in fields {
            let place = format!("{place}.{}", field.node.name.node);
            self.look(&place, field.node.description.as_ref());
            self.arguments(&place, &field.node.arguments);
        }
    }

    fn arguments(&mut self, place: &str, arguments: &[Positioned<InputValueDefinition>]) {
        for argument in arguments {
            let place = format!("{place}({})", argument.node.name.node);
            self.look(&place, argument.node.description.as_ref());
        }
    }
}

#[test]
fn everything_is_described() {
    let document = parse_schema(berth_api::sdl()).unwrap();
    let mut missing = Missing::default();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(ty) = definition else {
            continue;
        };
        let name = ty.node.name.node.to_string();
        missing.look(&name, ty.node.description.as_ref());
        match &ty.node.kind {
            TypeKind::Object(object) => missing.fields(&name, &object.fields),
            TypeKind::Interface(interface) => missing.fields(&name, &interface.fields),
            TypeKind::InputObject(input) => missing.arguments(&name, &input.fields),
            TypeKind::Enum(values) => {
                for value in &values.values {
                    let place = format!("{name}.{}", value.node.value.node);
                    missing.look(&place, value.node.description.as_ref());
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert_eq!(missing.0, Vec::<String>::new());
}

#[test]
fn interfaces_have_ids_and_nothing_else() {
    let document = parse_schema(berth_api::sdl()).unwrap();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(ty) = definition else {
            continue;
        };
        if let TypeKind::Interface(interface) = &ty.node.kind {
            let fields: Vec<_> = interface
                .fields
                .iter()
                .map(|field| field.node.name.node.as_str())
                .collect();
            assert_eq!(fields, ["id"], "{}", ty.node.name.node);
        }
    }
}

#[test]
fn states_are_the_models() {
    let sdl = berth_api::sdl();
    for state in berth_model::DeploymentState::ALL {
        assert!(sdl.contains(&format!("  {state}\n")), "{state}");
    }
}
