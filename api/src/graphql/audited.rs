//! The one way to a change: a line of the audit log is written before it begins, and completed when
//! it is over. It stands around the root of all mutations, so that none can be added without it.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned,
    ServerResult, Value, indexmap::IndexMap, parser::types::Field, registry::Registry,
    resolver_utils::resolve_container_serial,
};
use async_trait::async_trait;
use berth_model::{ErrorCode, GlobalId};
use berth_store::AuditLine;

use super::Changes;
use crate::{
    context::{Request, request},
    error::{code, log},
};

tokio::task_local! {
    /// The change that is being carried out.
    static CHANGE: Arc<Change>;
}

struct Change {
    line: AuditLine,
    /// What became of it, once [`settled`] was told: nothing, or why it was refused.
    settled: OnceLock<Option<ErrorCode>>,
}

/// The line of the change that is being carried out.
pub(crate) fn line() -> Option<AuditLine> {
    CHANGE.try_with(|change| change.line.clone()).ok()
}

/// Says what became of the change that is being carried out, before its answer is put together:
/// whether that succeeds says nothing about the change.
pub(crate) fn settled(refused: Option<ErrorCode>) {
    let _ = CHANGE.try_with(|change| change.settled.set(refused));
}

/// All mutations, each of them written down.
#[derive(Default)]
pub(crate) struct Mutation(Changes);

#[async_trait]
impl OutputType for Mutation {
    fn type_name() -> Cow<'static, str> {
        Changes::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Changes::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container_serial(ctx, self).await
    }
}

#[async_trait]
impl ContainerType for Mutation {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let request = request(ctx);
        let field = ctx.field();
        let subject = subject(field.name(), &field.arguments()?);
        let opened = request
            .store
            .audit_open(&request.cx, field.name(), subject)
            .await;
        let line = opened.map_err(|error| {
            let error = async_graphql::Error::from(error).into_server_error(ctx.item.pos);
            ctx.set_error_path(error)
        })?;
        let change = Arc::new(Change {
            line,
            settled: OnceLock::new(),
        });
        let work = self.0.resolve_field(ctx);
        let answer = CHANGE.scope(Arc::clone(&change), work).await;
        let refused = match change.settled.get() {
            Some(settled) => *settled,
            None => answer.as_ref().err().map(code),
        };
        complete(request, &change.line, refused).await;
        answer
    }
}

impl ObjectType for Mutation {}

/// The change is over whatever becomes of this: a line that can't be completed says that nobody
/// knows.
async fn complete(request: &Request, line: &AuditLine, refused: Option<ErrorCode>) {
    let completed = request.store.audit_complete(&request.cx, line, refused);
    if let Err(error) = completed.await {
        tracing::warn!(
            cause = error.cause_text(),
            "a line of the audit log stays open"
        );
        log(&error);
    }
}

/// What the arguments say that a change is about: the noun that the mutation is called by, or else
/// the tenant, if they have an id of one.
fn subject(mutation: &str, arguments: &[(Name, Value)]) -> Option<GlobalId> {
    let Some((_, Value::Object(input))) = arguments.iter().find(|(name, _)| name == "input") else {
        return None;
    };
    let own = input.iter().find_map(|(name, value)| {
        let noun = name.strip_suffix("Id")?;
        mutation.starts_with(noun).then(|| id(value)).flatten()
    });
    own.or_else(|| tenant(input))
}

/// The first `tenantId`, however deep: `clientCreate` says in `actsFor` whose it will be.
fn tenant(input: &IndexMap<Name, Value>) -> Option<GlobalId> {
    let named = input.get("tenantId").and_then(id);
    named.or_else(|| {
        input.values().find_map(|value| match value {
            Value::Object(inner) => tenant(inner),
            _ => None,
        })
    })
}

fn id(value: &Value) -> Option<GlobalId> {
    let Value::String(text) = value else {
        return None;
    };
    // What isn't an id is not written down: it could be anything.
    GlobalId::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    #[test]
    fn the_arguments_say_what_a_change_is_about() {
        let id = |prefix: &str| format!("{prefix}_{:032x}", 7);
        let of = |mutation: &str, input: Value| {
            let found = subject(mutation, &[(Name::new("input"), input)]);
            found.map(|found| found.to_string())
        };
        let (deployment, tenant, plan) = (id("dep"), id("ten"), id("pln"));
        let resize = value!({ "planId": plan.clone(), "deploymentId": deployment.clone() });
        assert_eq!(of("deploymentResize", resize), Some(deployment));
        let order = value!({ "planId": plan.clone(), "tenantId": tenant.clone() });
        assert_eq!(of("deploymentCreate", order), Some(tenant.clone()));
        let client = value!({ "actsFor": { "tenant": { "tenantId": tenant.clone() } } });
        assert_eq!(of("clientCreate", client), Some(tenant));
        assert_eq!(of("planCreate", value!({ "planId": "a secret" })), None);
        assert_eq!(of("siteCreate", value!({ "name": "Kiel" })), None);
    }
}
