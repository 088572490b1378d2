//! What a request costs: the objects that it can make the answer contain, by its page sizes; and
//! what it has cost, by the answer that came.
//!
//! An object costs 1; a connection's objects count as often as its page is long, and what is below
//! them as often again. Scalars are free. Each field of a mutation costs [`CHANGE`] more, since it
//! writes; so does each field of a subscription, since it goes on. (`limit_complexity` of
//! async-graphql doesn't know page sizes.)
//!
//! Fragments are written out here where they are spread: the shape's limit of fields has to be held
//! before.

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Value, Variables};

use super::types::{Count, Types};
use crate::graphql::{PAGE_DEFAULT, PAGE_MAX};

/// What a field of a mutation or a subscription costs beside its answer.
const CHANGE: i64 = 10;
/// How many objects a list without pages has.
const LIST: i64 = 10;

/// The costs of an operation, field by field.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    fields: Vec<FieldCost>,
    requested: i64,
}

/// What a field costs that gives objects.
#[derive(Clone, Debug)]
struct FieldCost {
    /// Its name in the answer.
    key: Name,
    /// Once, however many it gives.
    once: i64,
    /// How many it gives at most.
    times: i64,
    /// For each that it gives.
    each: i64,
    /// For each that it gives: what is asked of it.
    below: Vec<Self>,
}

impl Cost {
    /// The costs of an operation of a document that has passed the shape's limits.
    pub fn of(
        types: &Types,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Self {
        let root = Types::root(operation.ty);
        let walk = Walk {
            types,
            document,
            operation,
            variables,
        };
        let fields = walk.selections(&operation.selection_set.node, root, 1);
        let requested = sum(&fields, FieldCost::requested).max(1);
        Self { fields, requested }
    }

    /// What it can cost.
    pub fn requested(&self) -> i64 {
        self.requested
    }

    /// What it has cost, with this answer: never more than was requested. An answer without data
    /// doesn't tell how far the work went: it costs all.
    pub fn actual(&self, data: &Value) -> i64 {
        match data {
            Value::Object(_) => {
                sum(&self.fields, |field| field.actual(data)).clamp(1, self.requested)
            }
            _ => self.requested,
        }
    }
}

impl FieldCost {
    fn requested(&self) -> i64 {
        let each = self.each.saturating_add(sum(&self.below, Self::requested));
        self.once.saturating_add(self.times.saturating_mul(each))
    }

    /// `object`: what the field was asked of.
    fn actual(&self, object: &Value) -> i64 {
        let Value::Object(values) = object else {
            return 0;
        };
        // Skipped, or asked of another type than this is.
        let Some(value) = values.get(&self.key) else {
            return 0;
        };
        let given = match value {
            Value::List(items) => sum(items, |item| self.given(item)),
            value => self.given(value),
        };
        self.once.saturating_add(given)
    }

    /// What isn't there was looked for all the same.
    fn given(&self, value: &Value) -> i64 {
        let below = sum(&self.below, |field| field.actual(value));
        self.each.saturating_add(below)
    }
}

fn sum<T>(all: &[T], cost: impl Fn(&T) -> i64) -> i64 {
    all.iter()
        .fold(0, |sum: i64, one| sum.saturating_add(cost(one)))
}

struct Walk<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

impl Walk<'_> {
    /// `page`: how many items the connection that this selects from has.
    fn selections(&self, set: &SelectionSet, of: &str, page: i64) -> Vec<FieldCost> {
        let mut fields = Vec::new();
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => fields.extend(self.field(&field.node, of, page)),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let on = condition.map_or(of, |condition| condition.node.on.node.as_str());
                    let set = &fragment.node.selection_set.node;
                    fields.extend(self.selections(set, on, page));
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        let set = &fragment.node.selection_set.node;
                        fields.extend(self.selections(set, on, page));
                    }
                }
            }
        }
        fields
    }

    fn field(&self, field: &Field, of: &str, page: i64) -> Option<FieldCost> {
        let mut cost = FieldCost {
            key: field.response_key().node.clone(),
            once: if matches!(of, "Mutation" | "Subscription") {
                CHANGE
            } else {
                0
            },
            times: 1,
            each: 1,
            below: Vec::new(),
        };
        let mut below = 1;
        let Some(known) = self.types.field(of, field.name.node.as_str()) else {
            return Some(cost);
        };
        match known.count {
            Count::Leaf if cost.once == 0 => return None,
            Count::Leaf => cost.times = 0,
            Count::One => {}
            Count::Page => {
                cost.once += 1;
                cost.each = 0;
                below = self.page_size(field);
            }
            Count::PageItems => cost.times = page,
            Count::List => cost.times = self.list_size(field),
        }
        // An edge is only what holds its node: the two are one object.
        if known.of.ends_with("Edge") {
            cost.each = 0;
        }
        cost.below = self.selections(&field.selection_set.node, &known.of, below);
        Some(cost)
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
            Some(Value::List(ids)) => i64::try_from(ids.len()).unwrap_or(i64::MAX),
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

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, parser::types::DocumentOperations, value};

    use super::*;
    use crate::graphql::sdl;

    fn cost(text: &str) -> Cost {
        let document = parse_query(text).unwrap();
        let operation = match &document.operations {
            DocumentOperations::Single(operation) => operation.node.clone(),
            DocumentOperations::Multiple(all) => all.values().next().unwrap().node.clone(),
        };
        let types = Types::read(&sdl());
        Cost::of(&types, &document, &operation, &Variables::default())
    }

    #[test]
    fn a_page_costs_what_came_of_it() {
        let all = cost("{ all: tenants(first: 5) { nodes { id members { nodes { id } } } } }");
        assert_eq!(all.requested(), 1 + 5 * (1 + 1 + 20));
        let tenant = value!({ "id": "t", "members": { "nodes": [{ "id": "a" }, { "id": "b" }] } });
        let two = value!({ "all": { "nodes": [(tenant.clone()), (tenant)] } });
        assert_eq!(all.actual(&two), 1 + 2 * (1 + 1 + 2));
        assert_eq!(all.actual(&value!({ "all": { "nodes": [] } })), 1);
        let edges = cost("{ plans { edges { cursor node { id } } pageInfo { hasNextPage } } }");
        assert_eq!(edges.requested(), 22);
        let one = value!({ "plans": { "edges": [{ "cursor": "c", "node": { "id": "p" } }],
                                      "pageInfo": { "hasNextPage": false } } });
        assert_eq!(edges.actual(&one), 3);
    }

    #[test]
    fn what_was_looked_for_and_what_failed_is_not_given_back() {
        let nodes = cost(
            "{ nodes(ids: [\"a\", \"b\", \"c\"]) { ... on Tenant { id deployments { \
                          nodes { id } } } } }",
        );
        assert_eq!(nodes.requested(), 3 * 22);
        assert_eq!(nodes.actual(&value!({ "nodes": [null, null, null] })), 3);
        assert_eq!(nodes.actual(&Value::Null), 66);
        let skipped = cost("{ a: viewer { kind } plans @skip(if: true) { nodes { id } } }");
        assert_eq!(skipped.actual(&value!({ "a": { "kind": "PLATFORM" } })), 1);
    }

    #[test]
    fn a_change_costs_ten_also_when_it_is_refused() {
        let made = cost("mutation { siteCreate(input: {}) { site { id } userErrors { code } } }");
        // The payload, the site, ten errors, and the change itself.
        assert_eq!(made.requested(), 10 + 1 + 1 + 10);
        let refused = value!({ "siteCreate": { "site": null, "userErrors": [{ "code": "X" }] } });
        assert_eq!(made.actual(&refused), 10 + 1 + 1 + 1);
        let longer = value!({ "siteCreate": { "site": null, "userErrors": [
            {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}] } });
        assert_eq!(
            made.actual(&longer),
            made.requested(),
            "never more than was held"
        );
    }
}
