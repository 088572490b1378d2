//! An answer has its fields in the order in which they were asked for (GraphQL October 2021, sections 6.3.2 and
//! 7.2.2). async-graphql 7.2 writes them down as they become known.

use std::mem;

use async_graphql::{
    Name, Value,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// The fields of a selection, each once, with what is asked of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order(Vec<(Name, Self)>);

impl Order {
    /// Of an operation's selection in a document that has passed the shape's limits.
    pub fn of(document: &ExecutableDocument, selection: &SelectionSet) -> Self {
        let mut order = Self::default();
        order.add(document, selection);
        order
    }

    fn add(&mut self, document: &ExecutableDocument, selection: &SelectionSet) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let below = &field.node.selection_set.node;
                    self.field(key).add(document, below);
                }
                Selection::InlineFragment(fragment) => {
                    self.add(document, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name) {
                        self.add(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// A field that comes again stays where it came first.
    fn field(&mut self, key: &Name) -> &mut Self {
        let known = self.0.iter().position(|(name, _)| name == key);
        let at = known.unwrap_or_else(|| {
            self.0.push((key.clone(), Self::default()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// Puts the fields of an answer into it.
    pub fn apply(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.apply(item)),
            // What nothing is asked of is a scalar, whatever it looks like.
            Value::Object(found) if !self.0.is_empty() => {
                let mut unordered = mem::take(found);
                for (key, below) in &self.0 {
                    // Not there: skipped, or asked of another type than this is.
                    if let Some(mut value) = unordered.swap_remove(key) {
                        below.apply(&mut value);
                        found.insert(key.clone(), value);
                    }
                }
                found.extend(unordered);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    fn ordered(query: &str, mut answer: Value) -> String {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let order = Order::of(&document, &operation.node.selection_set.node);
        order.apply(&mut answer);
        answer.to_string()
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
                "{ ...F d { x } ... { c } a d { w } } fragment F on Q { b a }",
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
            assert_eq!(ordered(query, answer), expected, "{query}");
        }
    }
}
