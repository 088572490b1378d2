//! Steps and events of operations.

use async_graphql::{Context, Object, Result};
use berth_model as model;
use berth_model::{OperationEventKind, StepState, Timestamp, message::kept_text};

use super::{input::int, noun::get, operation::Operation, states::State};
use crate::context::request;

/// A step as GraphQL shows it.
pub(crate) struct OperationStep(pub model::OperationStep);

/// A step of an operation.
#[Object]
impl OperationStep {
    /// Its place, from 0.
    async fn ordinal(&self) -> i32 {
        self.0.ordinal
    }

    /// A stable name, for programs.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// For people.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Where it is.
    async fn state(&self) -> State<StepState> {
        State(self.0.state)
    }

    /// How often it began.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// What it last said.
    async fn message(&self, ctx: &Context<'_>) -> Option<&str> {
        let kept = self.0.message.as_deref()?;
        Some(kept_text(kept, request(ctx).language()))
    }

    /// When it first began.
    async fn started_at(&self) -> Option<Timestamp> {
        self.0.started_at
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.0.finished_at
    }
}

/// An event as GraphQL shows it.
pub(crate) struct OperationEvent(pub model::OperationEvent);

/// What happened to an operation.
#[Object]
impl OperationEvent {
    /// The operation, as it is when this is read.
    async fn operation(&self, ctx: &Context<'_>) -> Result<Operation> {
        get(ctx, self.0.operation_id).await
    }

    /// From 1, without gaps: `operationUpdated(after:)` resumes from it.
    async fn number(&self) -> i32 {
        int(self.0.number)
    }

    /// What it tells.
    async fn kind(&self) -> State<OperationEventKind> {
        State(self.0.kind)
    }

    /// Name of the step that it is about.
    async fn step(&self) -> Option<&str> {
        self.0.step.as_deref()
    }

    /// How far the whole operation is, 0 to 100.
    async fn percent(&self) -> i32 {
        self.0.percent
    }

    /// For people.
    async fn message(&self, ctx: &Context<'_>) -> &str {
        kept_text(&self.0.message, request(ctx).language())
    }

    /// When.
    async fn at(&self) -> Timestamp {
        self.0.at
    }
}
