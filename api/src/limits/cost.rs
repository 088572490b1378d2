//! What a request costs: the objects that it can make the answer contain, by its page sizes.
//!
//! An object costs 1; a connection's objects count as often as its page is long, and what is below
//! them as often again. Scalars are free. Each field of a mutation costs [`CHANGE`] more, since it
//! writes; so does each field of a subscription, since it goes on. (`limit_complexity` of
//! async-graphql doesn't know page sizes.)

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value, Variables};

use super::types::{Count, Types};
use crate::graphql::{PAGE_DEFAULT, PAGE_MAX};

/// What a field of a mutation or a subscription costs beside its answer.
const CHANGE: i64 = 10;
/// How many objects a list without pages has.
const LIST: i64 = 10;

/// The cost of an operation of a document that has passed the shape's limits.
pub(crate) fn cost(
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> i64 {
    let root = match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    };
    let mut walk = Walk {
        types,
        document,
        operation,
        variables,
        known: HashMap::new(),
    };
    walk.selections(&operation.selection_set.node, root, 1)
        .max(1)
}

struct Walk<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// Costs of fragments, by name and page.
    known: HashMap<(Name, i64), i64>,
}

impl Walk<'_> {
    /// `page`: how many items the connection that this selects from has.
    fn selections(&mut self, set: &SelectionSet, of: &str, page: i64) -> i64 {
        set.items.iter().fold(0, |sum: i64, item| {
            let cost = match &item.node {
                Selection::Field(field) => self.field(&field.node, of, page),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(of, |condition| condition.node.on.node.as_str());
                    self.selections(&fragment.node.selection_set.node, on, page)
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, page)
                }
            };
            sum.saturating_add(cost)
        })
    }

    fn fragment(&mut self, name: &Name, page: i64) -> i64 {
        let key = (name.clone(), page);
        if let Some(cost) = self.known.get(&key) {
            return *cost;
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return 0;
        };
        let on = fragment.node.type_condition.node.on.node.as_str();
        let cost = self.selections(&fragment.node.selection_set.node, on, page);
        self.known.insert(key, cost);
        cost
    }

    fn field(&mut self, field: &Field, of: &str, page: i64) -> i64 {
        let own = if matches!(of, "Mutation" | "Subscription") {
            CHANGE
        } else {
            0
        };
        self.answer(field, of, page).saturating_add(own)
    }

    fn answer(&mut self, field: &Field, of: &str, page: i64) -> i64 {
        let Some(known) = self.types.field(of, field.name.node.as_str()) else {
            return 1;
        };
        let below = &field.selection_set.node;
        let times = match known.count {
            Count::Leaf => return 0,
            Count::One => 1,
            Count::Page => {
                let size = self.page_size(field);
                return 1_i64.saturating_add(self.selections(below, &known.of, size));
            }
            Count::PageItems => page,
            Count::List => self.list_size(field),
        };
        // An edge is only what holds its node: the two are one object.
        let own = i64::from(!known.of.ends_with("Edge"));
        times.saturating_mul(own.saturating_add(self.selections(below, &known.of, 1)))
    }

    fn page_size(&self, field: &Field) -> i64 {
        let asked = ["first", "last"]
            .into_iter()
            .filter_map(|name| self.argument(field, name));
        let size = asked.map(|value| match value {
            Value::Number(number) => number.as_i64().unwrap_or(PAGE_MAX),
            Value::Null => PAGE_DEFAULT,
            _ => PAGE_MAX,
        });
        size.max().unwrap_or(PAGE_DEFAULT).clamp(0, PAGE_MAX)
    }

    fn list_size(&self, field: &Field) -> i64 {
        match self.argument(field, "ids") {
            Some(Value::List(ids)) => as_cost(ids.len()),
            Some(_) => 1,
            None => LIST,
        }
    }

    /// An argument's value, with variables and their defaults put in.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?.node.clone();
        let variable = |name: Name| {
            let given = self.variables.get(&name).cloned();
            Ok::<_, ()>(
                given
                    .or_else(|| self.variable_default(&name))
                    .unwrap_or_default(),
            )
        };
        value.into_const_with(variable).ok()
    }

    fn variable_default(&self, name: &Name) -> Option<Value> {
        let definitions = &self.operation.variable_definitions;
        let definition = definitions
            .iter()
            .find(|known| known.node.name.node == *name)?;
        definition
            .node
            .default_value
            .as_ref()
            .map(|value| value.node.clone())
    }
}

fn as_cost(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
