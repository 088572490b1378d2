//! Limits of a document's shape: depth, aliases, directives, arguments, fields. Nothing is looked up
//! for them.
//!
//! They also guard what comes after them: the validator spreads fragments as often as they are
//! written and compares arguments each with each, so a small text could keep it busy for hours.
//!
//! Fragments are measured once each and their measures added where they are spread, so that
//! fragments that spread each other many times cost no time here and are still counted in full.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use berth_model::{Error, ErrorCode, Result, message};

use super::{counts::counts_check, within};
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

/// Selections within each other, fragments spread: all that walk a document take a part of the stack
/// for each. A document of the deepest allowed fields, each in fragments of its own, has fewer.
const LEVELS_MAX: usize = 64;

/// Refuses a document that is too deep or too wide.
pub(crate) fn shape_check(document: &ExecutableDocument, limits: &Limits) -> Result<()> {
    counts_check(document, limits)?;
    let mut shape = Shape {
        document,
        limits,
        measured: HashMap::new(),
        level: 0,
    };
    for (_, operation) in document.operations.iter() {
        let measure = shape.selections(&operation.node.selection_set.node)?;
        within(measure.width, limits.root_fields, "fields at the root")?;
        within(measure.fields, limits.fields, "fields")?;
        within(measure.depth, limits.depth, "levels of fields")?;
    }
    // Also those that no operation spreads: the validator looks at them before it says so.
    for name in document.fragments.keys() {
        within(shape.fragment(name)?.fields, limits.fields, "fields")?;
    }
    Ok(())
}

/// What a selection is when its fragments are spread.
#[derive(Clone, Copy, Default)]
struct Measure {
    /// Fields on its own level.
    width: usize,
    /// Fields in all.
    fields: usize,
    /// Levels of fields.
    depth: usize,
    /// Levels of selections: of fields and of fragments.
    levels: usize,
    /// Lists of the introspection schema on one way down.
    lists: usize,
}

impl Measure {
    fn beside(self, other: Self) -> Self {
        Self {
            width: self.width.saturating_add(other.width),
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            lists: self.lists.max(other.lists),
        }
    }
}

struct Shape<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// Measured fragments; `None` while one is being measured.
    measured: HashMap<Name, Option<Measure>>,
    /// Selections that are being measured, each within the one before.
    level: usize,
}

impl Shape<'_> {
    fn selections(&mut self, set: &SelectionSet) -> Result<Measure> {
        let what = "selections within each other";
        self.level += 1;
        within(self.level, LEVELS_MAX, what)?;
        let mut measure = self.items(set)?;
        self.level -= 1;
        // A fragment that was measured before isn't gone into again.
        measure.levels += 1;
        within(measure.levels, LEVELS_MAX, what)?;
        Ok(measure)
    }

    fn items(&mut self, set: &SelectionSet) -> Result<Measure> {
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
            levels: below.levels,
            lists: below.lists + usize::from(INTROSPECTION_LISTS.contains(&name)),
        };
        if matches!(name, "__schema" | "__type") {
            if !self.limits.introspection {
                return Err(Error::new(
                    ErrorCode::Forbidden,
                    "Introspection is off here. Ask the provider for the schema.",
                ));
            }
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
                    message!("The fragment {name} contains itself.", name),
                ));
            }
            None => {}
        }
        // Without fields it would count for nothing, however often it is spread.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Err(Error::new(
                ErrorCode::InvalidInput,
                message!("There is no fragment {name} in this document.", name),
            ));
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
        let directives = |count: usize| format!("{{b{{{}}}}}", "a @skip(if: false) ".repeat(count));
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
    fn introspection_can_be_off() {
        let limits = Limits {
            introspection: false,
            ..Limits::default()
        };
        let check = |text: &str| shape_check(&parse_query(text).unwrap(), &limits);
        assert!(check("{ __typename a { __typename } }").is_ok());
        for text in [
            "{ __schema { types { name } } }",
            "{ a: __type(name: \"T\") { name } }",
            "{ ... on Query { ...f } } fragment f on Query { __schema { types { name } } }",
            "{ a } fragment unused on Query { __schema { types { name } } }",
        ] {
            assert_eq!(
                check(text).unwrap_err().code(),
                ErrorCode::Forbidden,
                "{text}"
            );
        }
    }

    #[test]
    fn fragments_count_where_they_are_spread() {
        // Each doubles the one before: 2^25 fields in a text of a kilobyte.
        let mut text = "{...f25} fragment f0 on Q {a} ".to_owned();
        for n in 1..=25 {
            text += &format!("fragment f{n} on Q {{b{{...f{} ...f{}}}}} ", n - 1, n - 1);
        }
        let too_many = |text: &str| check(text).unwrap_err().message().contains(" fields.");
        assert!(too_many(&text));
        assert!(too_many(&text.replace("{...f25}", "{a}")), "also unused");
        let empty = text.replace("fragment f0 on Q {a} ", "");
        assert!(
            check(&empty)
                .unwrap_err()
                .message()
                .contains("no fragment f0")
        );
        let circle = "{...a} fragment a on Q {...b} fragment b on Q {...a}";
        assert!(
            check(circle)
                .unwrap_err()
                .message()
                .contains("contains itself")
        );
    }

    #[test]
    fn fragments_within_each_other_do_not_use_up_the_stack() {
        let deep = |open: &str, last: &str| open.repeat(50) + last + &"}".repeat(50);
        for open in ["{ a", "{ ..."] {
            // From the first to the last at once, or each after the one that it spreads.
            let operations = ["{ ...f99 }".to_owned(), {
                let each = (0..=99).map(|n| format!("query q{n} {{ ...f{n} }} "));
                each.collect()
            }];
            for mut text in operations {
                text += &format!("fragment f0 on Q {} ", deep(open, "{ a }"));
                for n in 1..=99 {
                    let before = format!("{{ ...f{} }}", n - 1);
                    text += &format!("fragment f{n} on Q {} ", deep(open, &before));
                }
                assert_eq!(check(&text).unwrap_err().code(), ErrorCode::LimitExceeded);
            }
        }
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
