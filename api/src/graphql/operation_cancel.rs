//! `operationCancel`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;

use super::{
    input::id,
    operation::Operation,
    payload::{UserError, about, settle},
};
use crate::context::{Request, request};

/// Which operation to cancel.
#[derive(InputObject)]
pub(crate) struct OperationCancelInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which operation.
    operation_id: ID,
}

/// What came of the request to cancel an operation.
#[derive(SimpleObject)]
pub(crate) struct OperationCancelPayload {
    /// The operation. One that has not begun has ended. A creation ends between two of its steps and undoes
    /// what it had made; a rebalance begins no more moves and ends when those that run have ended.
    operation: Option<Operation>,
    /// Why it isn't cancelled.
    user_errors: Vec<UserError>,
}

/// Changes of operations.
#[derive(Default)]
pub(crate) struct OperationMutation;

#[Object]
impl OperationMutation {
    /// Cancels an operation, if nothing an operator owns is lost by it.
    async fn operation_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: OperationCancelInput,
    ) -> Result<OperationCancelPayload> {
        let (operation, user_errors) = settle(cancel(request(ctx), &input).await)?;
        Ok(OperationCancelPayload {
            operation: operation.map(Operation),
            user_errors,
        })
    }
}

async fn cancel(
    request: &Request,
    input: &OperationCancelInput,
) -> model::Result<model::Operation> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let operation_id = id("operationId", &input.operation_id)?;
    let cancelled = request.store.operation_cancel(&cx, operation_id).await;
    cancelled.map_err(about("operationId"))
}
