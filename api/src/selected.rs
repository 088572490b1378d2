//! What was asked for, and how an answer to it has to look: its fields in the order in which they were asked
//! for (GraphQL October 2021, sections 6.3.2 and 7.2.2), and null where a field is in error, or its nearest
//! parent that may be null where it may not (section 6.4.4). async-graphql 7.2 writes fields down as they
//! become known, and leaves out those that are in error.

use std::{mem, sync::LazyLock};

use async_graphql::{
    Name, PathSegment, Response, Value,
    parser::types::{
        BaseType, ExecutableDocument, OperationDefinition, Selection, SelectionSet, Type,
    },
};

use crate::limits::Types;

/// The fields of a selection, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selected(Vec<Field>);

/// An answer's data may be null.
static DATA: LazyLock<Type> = LazyLock::new(|| Type {
    base: BaseType::Named(Name::new("data")),
    nullable: true,
});

#[derive(Clone, Debug)]
struct Field {
    key: Name,
    /// None: introspection's own, which is never in error.
    ty: Option<Type>,
    /// What is asked of it.
    below: Selected,
}

impl Selected {
    /// By an operation of a document that has passed the shape's limits.
    pub fn of(
        types: &Types,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> Self {
        let mut selected = Self::default();
        let root = Types::root(operation.ty);
        selected.add(types, document, root, &operation.selection_set.node);
        selected
    }

    fn add(
        &mut self,
        types: &Types,
        document: &ExecutableDocument,
        of: &str,
        selection: &SelectionSet,
    ) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let known = types.field(of, &field.node.name.node);
                    let below = self.field(
                        &field.node.response_key().node,
                        known.map(|field| &field.ty),
                    );
                    let of = known.map_or("", |field| &field.of);
                    below.add(types, document, of, &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| &condition.node.on.node);
                    self.add(types, document, of, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name) {
                        let of = &fragment.node.type_condition.node.on.node;
                        self.add(types, document, of, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// A field that comes again stays where it came first; what is asked of several types under one
    /// name may be null alike (section 5.3.2).
    fn field(&mut self, key: &Name, ty: Option<&Type>) -> &mut Self {
        let known = self.0.iter().position(|field| field.key == *key);
        let at = known.unwrap_or_else(|| {
            self.0.push(Field {
                key: key.clone(),
                ty: ty.cloned(),
                below: Self::default(),
            });
            self.0.len() - 1
        });
        &mut self.0[at].below
    }

    /// Makes an answer look as it has to.
    pub fn apply(&self, response: &mut Response) {
        let Response { data, errors, .. } = response;
        for error in errors.iter().filter(|error| !error.path.is_empty()) {
            set_null(data, &error.path);
        }
        for error in errors {
            self.is_broken(data, &DATA, &error.path);
        }
        self.order(data);
    }

    /// Whether the value at the path, which is null, means that this one is too and can't be.
    fn is_broken(&self, value: &mut Value, ty: &Type, path: &[PathSegment]) -> bool {
        let is_broken = match (path.split_first(), &mut *value, &ty.base) {
            (None, ..) => false,
            (Some((PathSegment::Field(key), below)), Value::Object(found), _) => {
                let field = self.0.iter().find(|field| field.key == **key);
                match (field, found.get_mut(key.as_str())) {
                    (
                        Some(Field {
                            ty: Some(ty),
                            below: of,
                            ..
                        }),
                        Some(value),
                    ) => of.is_broken(value, ty, below),
                    _ => false,
                }
            }
            (Some((PathSegment::Index(index), below)), Value::List(items), BaseType::List(of)) => {
                let item = items.get_mut(*index);
                item.is_some_and(|item| self.is_broken(item, of, below))
            }
            // Null for another error already.
            _ => return false,
        };
        if is_broken {
            *value = Value::Null;
        }
        *value == Value::Null && !ty.nullable
    }

    fn order(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.order(item)),
            // What nothing is asked of is a scalar, whatever it looks like.
            Value::Object(found) if !self.0.is_empty() => {
                let mut unordered = mem::take(found);
                for field in &self.0 {
                    // Not there: skipped, or asked of another type than this is.
                    if let Some(mut value) = unordered.swap_remove(&field.key) {
                        field.below.order(&mut value);
                        found.insert(field.key.clone(), value);
                    }
                }
                found.extend(unordered);
            }
            _ => {}
        }
    }
}

/// Of an object of which every field is in error, async-graphql writes null.
fn set_null(value: &mut Value, path: &[PathSegment]) {
    match (path.split_first(), &mut *value) {
        (None, _) => *value = Value::Null,
        (Some((PathSegment::Field(key), below)), Value::Object(fields)) => {
            let child = fields.entry(Name::new(key)).or_default();
            set_null(child, below);
        }
        (Some((PathSegment::Index(index), below)), Value::List(items)) => {
            if let Some(item) = items.get_mut(*index) {
                set_null(item, below);
            }
        }
        (Some((PathSegment::Field(_), _)), Value::Null) => {
            *value = Value::Object(Default::default());
            set_null(value, path);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ServerError, parser::parse_query, value};

    use super::*;

    const SCHEMA: &str = "
        type Query { a: Int b: Int c: Int d: Q l: [Q] q: Query must: Q! all: [Q!]! some: [Q] node: Node }
        type Q implements Node { id: Int! a: Int b: Int w: Int x: Int must: Int! q: Q! }
        interface Node { id: Int! }";

    fn answered(query: &str, data: Value, errors: &[&str]) -> String {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let selected = Selected::of(&Types::read(SCHEMA), &document, &operation.node);
        let mut response = Response::new(data);
        for path in errors {
            let mut error = ServerError::new("wrong", None);
            let segment = |text: &str| match text.parse() {
                Ok(index) => PathSegment::Index(index),
                Err(_) => PathSegment::Field(text.to_owned()),
            };
            error.path = path.split('.').map(segment).collect();
            response.errors.push(error);
        }
        selected.apply(&mut response);
        response.data.to_string()
    }

    #[test]
    fn fields_aliases_and_fragments_come_as_they_were_asked_for() {
        for (query, answer, expected) in [
            (
                "{ a b c }",
                value!({"c": 3, "a": 1, "b": 2}),
                "{a: 1, b: 2, c: 3}",
            ),
            ("{ z: a y: a }", value!({"y": 1, "z": 2}), "{z: 2, y: 1}"),
            (
                "{ l { b a } }",
                value!({"l": [{"a": 1, "b": 2}, null, {"b": 3, "a": 4}]}),
                "{l: [{b: 2, a: 1}, null, {b: 3, a: 4}]}",
            ),
            (
                "{ ...F d { x } ... { c } a d { w } } fragment F on Query { b a }",
                value!({"a": 1, "b": 2, "c": 3, "d": {"w": 4, "x": 5}}),
                "{b: 2, a: 1, d: {x: 5, w: 4}, c: 3}",
            ),
            // Left out, and a scalar that looks like an object.
            (
                "{ a @skip(if: true) c b }",
                value!({"b": {"z": 1, "y": 2}, "c": 1}),
                "{c: 1, b: {z: 1, y: 2}}",
            ),
            ("{ a }", value!(null), "null"),
        ] {
            assert_eq!(answered(query, answer, &[]), expected, "{query}");
        }
    }

    #[test]
    fn a_field_in_error_is_null_or_else_its_nearest_parent_that_may_be() {
        for (query, answer, error, expected) in [
            ("{ a b }", value!({"b": 1}), "a", "{a: null, b: 1}"),
            ("{ a }", value!(null), "a", "{a: null}"),
            ("{ a must { a } }", value!({"a": 1}), "must", "null"),
            (
                "{ d { a must } }",
                value!({"d": {"a": 1}}),
                "d.must",
                "{d: null}",
            ),
            ("{ d { a } }", value!({"d": null}), "d.a", "{d: {a: null}}"),
            (
                "{ d { q { q { must } } a } b }",
                value!({"d": {"q": {"q": null}, "a": 1}, "b": 2}),
                "d.q.q.must",
                "{d: null, b: 2}",
            ),
            (
                "{ some { must a } }",
                value!({"some": [{"must": 1, "a": 2}, {"a": 3}]}),
                "some.1.must",
                "{some: [{must: 1, a: 2}, null]}",
            ),
            (
                "{ q { all { must } } b }",
                value!({"q": {"all": [{"must": 1}, null]}, "b": 1}),
                "q.all.1.must",
                "{q: null, b: 1}",
            ),
            (
                "{ node { id ... on Q { must } } }",
                value!({"node": {"id": 1}}),
                "node.must",
                "{node: null}",
            ),
            (
                "{ y: d { z: must } }",
                value!({"y": null}),
                "y.z",
                "{y: null}",
            ),
        ] {
            assert_eq!(answered(query, answer, &[error]), expected, "{query}");
        }
    }

    #[test]
    fn what_is_null_for_one_error_stays_so_with_another_below() {
        let answer = value!({"d": null, "b": 1});
        let found = answered("{ d { must a } b }", answer, &["d.must", "d.a"]);
        assert_eq!(found, "{d: null, b: 1}");
    }

    /// async-graphql writes null where nothing was asked of the type that it is.
    #[test]
    fn what_is_null_without_an_error_stays_so() {
        let answer = value!({"must": null});
        let found = answered("{ a must { ... on Node { id } } }", answer, &["a"]);
        assert_eq!(found, "{a: null, must: null}");
    }

    #[test]
    fn what_was_asked_of_another_type_is_not_missed() {
        let answer = value!({"node": {"id": 1}});
        let found = answered("{ a node { id ... on Q { must } } }", answer, &["a"]);
        assert_eq!(found, "{a: null, node: {id: 1}}");
    }
}
