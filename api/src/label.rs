//! What an operation is called in logs and in metrics.
//!
//! A client chooses the names of its operations. So they go to the logs alone, and only if they are
//! names (GraphQL October 2021, section 2.1.9), cut to [`NAME_MAX`]. Metrics have the first field at
//! the root instead: the schema says how many different ones there can be.

use std::borrow::Cow;

use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};

use crate::limits::Types;

/// How much of an operation's name is logged.
const NAME_MAX: usize = 100;

/// The names of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// Its type; `none` if it was refused before that was known.
    pub operation_type: &'static str,
    /// The first field at the root, if the schema has it.
    pub root_field: Cow<'static, str>,
    /// Its own name, for logs alone.
    pub operation_name: Option<String>,
}

impl Label {
    /// Of a request that was refused, with the name that it gave.
    pub fn refused(given: Option<&str>) -> Self {
        Self {
            operation_type: "none",
            root_field: Cow::Borrowed("none"),
            operation_name: given.and_then(name),
        }
    }

    /// Of an operation of a document that has passed the shape's limits.
    pub fn of(
        types: &Types,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        given: Option<&str>,
    ) -> Self {
        let operation_type = match operation.ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        let root = Types::root(operation.ty);
        let root_field = match first(document, &operation.selection_set.node) {
            Some(field) if types.field(root, field).is_some() => Cow::Owned(field.to_owned()),
            Some("__schema" | "__type" | "__typename") => Cow::Borrowed("introspection"),
            _ => Cow::Borrowed("unknown"),
        };
        Self {
            operation_type,
            root_field,
            operation_name: given.and_then(name),
        }
    }
}

/// The first field of a selection, whatever its alias.
fn first<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet) -> Option<&'a str> {
    match &set.items.first()?.node {
        Selection::Field(field) => Some(field.node.name.node.as_str()),
        Selection::InlineFragment(fragment) => first(document, &fragment.node.selection_set.node),
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node)?;
            first(document, &fragment.node.selection_set.node)
        }
    }
}

fn name(given: &str) -> Option<String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = given
        .bytes()
        .next()
        .is_some_and(|byte| !byte.is_ascii_digit());
    let cut = given.bytes().take(NAME_MAX).map(char::from).collect();
    (begins && given.bytes().all(good)).then_some(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_logged_and_they_are_cut() {
        assert_eq!(name("OrderPage_2").as_deref(), Some("OrderPage_2"));
        for bad in ["", "2nd", "a b", "a\nb", "ä", "a\"", "a=b"] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
        assert_eq!(name(&"x".repeat(5000)).unwrap().len(), NAME_MAX);
    }
}
