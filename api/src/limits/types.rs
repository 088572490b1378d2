//! The schema as costs and answers need it: which field leads to which type, and how many of them.

use std::collections::HashMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition},
};

/// Object and interface types by name.
#[derive(Debug, Default)]
pub(crate) struct Types {
    fields: HashMap<String, HashMap<String, Field>>,
}

/// Where a field leads.
#[derive(Debug)]
pub(crate) struct Field {
    /// Name of the type, without list and non-null.
    pub of: String,
    /// The type itself.
    pub ty: Type,
    /// How many it gives.
    pub count: Count,
}

/// How many objects a field gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// None: scalars and enums are part of their object.
    Leaf,
    /// One at most.
    One,
    /// A connection: as its page arguments say.
    Page,
    /// A connection's `edges` or `nodes`: as many as its page has.
    PageItems,
    /// A list without pages.
    List,
}

impl Types {
    /// Reads the schema's own text.
    pub fn read(sdl: &str) -> Self {
        let document = parse_schema(sdl).expect("async-graphql reads what it wrote; under test");
        let definitions: Vec<_> = document
            .definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(ty) => Some(ty.node),
                _ => None,
            })
            .collect();
        let mut fields = HashMap::new();
        for ty in &definitions {
            if let Some(own) = fields_of(&ty.kind) {
                fields.insert(ty.name.node.to_string(), own);
            }
        }
        let composite: Vec<String> = definitions
            .iter()
            .filter(|ty| {
                matches!(
                    ty.kind,
                    TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)
                )
            })
            .map(|ty| ty.name.node.to_string())
            .collect();
        let counted = fields
            .into_iter()
            .map(|(name, own)| {
                let own = own
                    .iter()
                    .map(|field| {
                        (
                            field.name.node.to_string(),
                            counted(&name, field, &composite),
                        )
                    })
                    .collect();
                (name, own)
            })
            .collect();
        Self { fields: counted }
    }

    /// What an operation's fields are asked of.
    pub fn root(kind: OperationType) -> &'static str {
        match kind {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        }
    }

    /// A field, if there is one.
    pub fn field(&self, of: &str, name: &str) -> Option<&Field> {
        self.fields.get(of)?.get(name)
    }
}

fn fields_of(kind: &TypeKind) -> Option<Vec<FieldDefinition>> {
    let fields = match kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        _ => return None,
    };
    Some(fields.iter().map(|field| field.node.clone()).collect())
}

fn counted(on: &str, field: &FieldDefinition, composite: &[String]) -> Field {
    let (of, list) = base(&field.ty.node.base);
    let count = if !composite.contains(&of) {
        Count::Leaf
    } else if of.ends_with("Connection") {
        Count::Page
    } else if list && on.ends_with("Connection") {
        Count::PageItems
    } else if list {
        Count::List
    } else {
        Count::One
    };
    let ty = field.ty.node.clone();
    Field { of, ty, count }
}

fn base(ty: &BaseType) -> (String, bool) {
    match ty {
        BaseType::Named(name) => (name.to_string(), false),
        BaseType::List(inner) => (base(&inner.base).0, true),
    }
}
