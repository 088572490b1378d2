//! Limits of a document's shape: depth, aliases, directives, fields. Nothing is looked up for them.
//!
//! Fragments are measured once each and their measures added where they are spread, so that
//! fragments that spread each other many times cost no time here and are still counted in full.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned};
use berth_model::{Error, ErrorCode, Result};

use super::exceeded;
use crate::config::Limits;

/// Lists of the introspection schema. Nesting them multiplies; GraphQL's own tools need three.
const INTROSPECTION_LISTS: [&str; 5] = [
    "types",
    "fields",
    "inputFields",
    "interfaces",
    "possibleTypes",
];
const INTROSPECTION_LISTS_MAX: usize = 3;

/// Refuses a document that is too deep or too wide.
pub(crate) fn shape_check(document: &ExecutableDocument, limits: &Limits) -> Result<()> {
    if document.fragments.len() > limits.fragments {
        return Err(exceeded(
            &format!("{} fragments", document.fragments.len()),
            limits.fragments,
        ));
    }
    let mut counts = Counts::default();
    for (_, operation) in document.operations.iter() {
        counts.directives += operation.node.directives.len();
        counts.selections(&operation.node.selection_set.node);
    }
    for fragment in document.fragments.values() {
        counts.directives += fragment.node.directives.len();
        counts.selections(&fragment.node.selection_set.node);
    }
    within(counts.aliases, limits.aliases, "aliases")?;
    within(counts.directives, limits.directives, "directives")?;
    let mut shape = Shape {
        document,
        limits,
        measured: HashMap::new(),
    };
    for (_, operation) in document.operations.iter() {
        let measure = shape.selections(&operation.node.selection_set.node)?;
        within(measure.width, limits.root_fields, "fields at the root")?;
        within(measure.fields, limits.fields, "fields")?;
        within(measure.depth, limits.depth, "levels of fields")?;
    }
    Ok(())
}

fn within(count: usize, limit: usize, what: &str) -> Result<()> {
    if count > limit {
        Err(exceeded(&format!("{count} {what}"), limit))
    } else {
        Ok(())
    }
}

/// What is counted as written.
#[derive(Default)]
struct Counts {
    aliases: usize,
    directives: usize,
}

impl Counts {
    fn selections(&mut self, set: &SelectionSet) {
        for item in &set.items {
            let directives: &[Positioned<Directive>] = match &item.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.selections(&field.node.selection_set.node);
                    &field.node.directives
                }
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set.node);
                    &fragment.node.directives
                }
                Selection::FragmentSpread(spread) => &spread.node.directives,
            };
            self.directives += directives.len();
        }
    }
}

/// What a selection is when its fragments are spread.
#[derive(Clone, Copy, Default)]
struct Measure {
    /// Fields on its own level.
    width: usize,
    /// Fields in all.
    fields: usize,
    /// Levels.
    depth: usize,
    /// Lists of the introspection schema on one way down.
    lists: usize,
}

impl Measure {
    fn beside(self, other: Self) -> Self {
        Self {
            width: self.width.saturating_add(other.width),
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            lists: self.lists.max(other.lists),
        }
    }
}

struct Shape<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// Measured fragments; `None` while one is being measured.
    measured: HashMap<Name, Option<Measure>>,
}

impl Shape<'_> {
    fn selections(&mut self, set: &SelectionSet) -> Result<Measure> {
        set.items.iter().try_fold(Measure::default(), |sum, item| {
            let measure = match &item.node {
                Selection::Field(field) => self.field(&field.node)?,
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set.node)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node)?
                }
            };
            Ok(sum.beside(measure))
        })
    }

    fn field(&mut self, field: &Field) -> Result<Measure> {
        let below = self.selections(&field.selection_set.node)?;
        let name = field.name.node.as_str();
        let mut measure = Measure {
            width: 1,
            fields: below.fields.saturating_add(1),
            depth: below.depth + 1,
            lists: below.lists + usize::from(INTROSPECTION_LISTS.contains(&name)),
        };
        if matches!(name, "__schema" | "__type") {
            within(
                measure.depth,
                self.limits.introspection_depth,
                "levels of introspection",
            )?;
            within(
                measure.lists,
                INTROSPECTION_LISTS_MAX,
                "nested lists of introspection",
            )?;
            measure.depth = 1;
        }
        Ok(measure)
    }

    fn fragment(&mut self, name: &Name) -> Result<Measure> {
        match self.measured.get(name) {
            Some(Some(measure)) => return Ok(*measure),
            Some(None) => {
                return Err(Error::new(
                    ErrorCode::InvalidInput,
                    format!("The fragment {name} contains itself."),
                ));
            }
            None => {}
        }
        // One that isn't defined is the validator's matter.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Measure::default());
        };
        self.measured.insert(name.clone(), None);
        let measure = self.selections(&fragment.node.selection_set.node)?;
        self.measured.insert(name.clone(), Some(measure));
        Ok(measure)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn check(text: &str) -> Result<()> {
        shape_check(&parse_query(text).unwrap(), &Limits::default())
    }

    #[test]
    fn each_limit_is_at_its_value() {
        let deep = |count: usize| "{a".repeat(count) + &"}".repeat(count);
        assert!(check(&deep(15)).is_ok());
        assert!(
            check(&deep(16))
                .unwrap_err()
                .message()
                .contains("limit is 15")
        );
        let aliases = |count: usize| {
            let all: String = (0..count).map(|n| format!("x{n}: a ")).collect();
            format!("{{b{{{all}}}}}")
        };
        assert!(check(&aliases(100)).is_ok());
        assert!(
            check(&aliases(101))
                .unwrap_err()
                .message()
                .contains("101 aliases")
        );
        let directives = |count: usize| format!("{{a {}}}", "@skip(if: false) ".repeat(count));
        assert!(check(&directives(50)).is_ok());
        assert!(
            check(&directives(51))
                .unwrap_err()
                .message()
                .contains("directives")
        );
        let roots = |count: usize| format!("{{{}}}", "a ".repeat(count));
        assert!(check(&roots(50)).is_ok());
        assert!(
            check(&roots(51))
                .unwrap_err()
                .message()
                .contains("at the root")
        );
    }

    #[test]
    fn fragments_count_where_they_are_spread() {
        // Each doubles the one before: 2^60 fields in a text of a few kilobytes.
        let mut text = "{...f60} fragment f0 on Q {a} ".to_owned();
        for n in 1..=60 {
            text += &format!("fragment f{n} on Q {{b{{...f{} ...f{}}}}} ", n - 1, n - 1);
        }
        assert_eq!(check(&text).unwrap_err().code(), ErrorCode::LimitExceeded);
        let circle = "{...a} fragment a on Q {...b} fragment b on Q {...a}";
        assert!(
            check(circle)
                .unwrap_err()
                .message()
                .contains("contains itself")
        );
    }

    #[test]
    fn introspection_has_limits_of_its_own() {
        let tools = "{__schema{types{fields{args{type{ofType{ofType{ofType{ofType{ofType{ofType\
                     {ofType{ofType{ofType{name}}}}}}}}}}}}}}}";
        assert!(check(tools).is_ok());
        let nested = "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}";
        assert!(
            check(nested)
                .unwrap_err()
                .message()
                .contains("introspection")
        );
    }
}
