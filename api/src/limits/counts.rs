//! What is counted of a document as it is written: arguments, aliases, directives, fragments,
//! variables.

use std::collections::HashSet;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};
use berth_model::{Error, ErrorCode, Result, message};

use super::within;
use crate::config::Limits;

/// Refuses a document that has too many of something.
pub(crate) fn counts_check(document: &ExecutableDocument, limits: &Limits) -> Result<()> {
    within(document.fragments.len(), limits.fragments, "fragments")?;
    let mut counts = Counts::default();
    for (_, operation) in document.operations.iter() {
        counts.operation(&operation.node);
    }
    for fragment in document.fragments.values() {
        counts.directives(&fragment.node.directives);
        counts.selections(&fragment.node.selection_set.node);
    }
    within(counts.variables, limits.variables, "variables")?;
    within(counts.arguments, limits.arguments, "arguments")?;
    within(counts.aliases, limits.aliases, "aliases")?;
    within(counts.directives, limits.directives, "directives")?;
    if let Some(name) = counts.repeated {
        // The schema has none that may be (GraphQL October 2021, section 5.7.3).
        let message = message!(
            "The directive @{name} is twice at one place. Write it once.",
            name
        );
        return Err(Error::new(ErrorCode::InvalidInput, message));
    }
    Ok(())
}

/// What is counted as written.
#[derive(Default)]
struct Counts {
    aliases: usize,
    arguments: usize,
    directives: usize,
    variables: usize,
    /// A directive that is twice at one place.
    repeated: Option<Name>,
}

impl Counts {
    fn operation(&mut self, operation: &OperationDefinition) {
        self.variables += operation.variable_definitions.len();
        for variable in &operation.variable_definitions {
            self.directives(&variable.node.directives);
        }
        self.directives(&operation.directives);
        self.selections(&operation.selection_set.node);
    }

    fn selections(&mut self, set: &SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.arguments += field.node.arguments.len();
                    self.directives(&field.node.directives);
                    self.selections(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.node.directives);
                    self.selections(&fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.node.directives),
            }
        }
    }

    /// The directives of one place.
    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        self.directives += directives.len();
        let mut names = HashSet::new();
        for directive in directives {
            self.arguments += directive.node.arguments.len();
            let name = &directive.node.name.node;
            if !names.insert(name) {
                self.repeated = Some(name.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn check(text: &str) -> Result<()> {
        counts_check(&parse_query(text).unwrap(), &Limits::default())
    }

    #[test]
    fn directives_count_everywhere_and_are_not_repeated() {
        let many: String = (0..51).map(|n| format!("@d{n} ")).collect();
        for text in [
            format!("query($a: Int {many}) {{ a }}"),
            format!("query {many} {{ a }}"),
            format!("{{ a {many} }}"),
            format!("{{ ... on Q {many} {{ a }} }}"),
            format!("{{ ...f {many} }} fragment f on Q {{ a }}"),
            format!("{{ ...f }} fragment f on Q {many} {{ a }}"),
        ] {
            let error = check(&text).unwrap_err();
            assert!(error.message().contains("51 directives"), "{text}: {error}");
        }
        let twice = check("{ a @skip(if: false) @skip(if: false) }").unwrap_err();
        assert_eq!(twice.code(), ErrorCode::InvalidInput);
        assert!(twice.message().contains("@skip is twice"), "{twice}");
    }

    #[test]
    fn arguments_and_variables_are_counted() {
        let arguments = |count: usize| {
            let all: String = (0..count).map(|n| format!("x{n}: 1 ")).collect();
            format!("{{ a({all}) }}")
        };
        assert!(check(&arguments(1000)).is_ok());
        let error = check(&arguments(1001)).unwrap_err();
        assert!(error.message().contains("1001 arguments"), "{error}");
        let variables = |count: usize| {
            let all: String = (0..count).map(|n| format!("$x{n}: Int ")).collect();
            format!("query({all}) {{ a }}")
        };
        assert!(check(&variables(200)).is_ok());
        let error = check(&variables(201)).unwrap_err();
        assert!(error.message().contains("201 variables"), "{error}");
    }
}
