//! The subscription `operationUpdated`: an operation's events, those that were and those to come.
//!
//! A notification only wakes; what is sent is read from the database, so nothing is missed when
//! notifications are, and a slow reader costs no memory. Each event is authorised again: the token
//! must still be good and the operation still visible.

use std::{collections::VecDeque, sync::Arc};

use async_graphql::{Context, ID, Result, Subscription as GraphqlSubscription};
use berth_model::{
    Actor, Error, ErrorCode, OperationEvent as Event, OperationEventKind, OperationId,
};
use berth_store::{Cx, Hints, Store, Wake};
use futures::{Stream, stream};
use tokio::time::Duration;

use super::{input::id, operation_event::OperationEvent};
use crate::context::request;

/// Events that are read at once.
const BATCH: i64 = 50;

/// What can be followed.
pub(crate) struct Subscription;

/// What can be followed live, by graphql-transport-ws on `/graphql/ws`.
#[GraphqlSubscription]
impl Subscription {
    /// The events of an operation from number `after` + 1 on: those that were, then those to come.
    /// Ends after the last one. To resume, give the number of the last event that arrived.
    async fn operation_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which operation.")] id: ID,
        #[graphql(desc = "The number of the last event that is known.", default = 0)] after: i32,
    ) -> Result<impl Stream<Item = Result<OperationEvent>> + use<>> {
        let operation_id = self::id("id", &id)?;
        let request = request(ctx);
        // First listen, then read: what happens between the two is not missed.
        let hints = request.feed.subscribe();
        request
            .store
            .operation_get(&request.cx, operation_id)
            .await?;
        let follow = Follow {
            store: request.store.clone(),
            cx: request.cx.clone(),
            token: Arc::clone(&request.token),
            operation_id,
            after: after.into(),
            ready: VecDeque::new(),
            hints,
            poll: request.limits.poll,
            ended: false,
        };
        Ok(stream::unfold(follow, Follow::next))
    }
}

/// A subscription that goes on.
struct Follow {
    store: Store,
    cx: Cx,
    token: Arc<str>,
    operation_id: OperationId,
    after: i64,
    ready: VecDeque<Event>,
    hints: Hints,
    poll: Duration,
    ended: bool,
}

impl Follow {
    async fn next(mut self) -> Option<(Result<OperationEvent>, Self)> {
        if self.ended {
            return None;
        }
        match self.event().await {
            Ok(Some(event)) => {
                self.after = event.number;
                self.ended = is_last(event.kind);
                Some((Ok(OperationEvent(event)), self))
            }
            Ok(None) => None,
            Err(error) => {
                self.ended = true;
                Some((Err(error.into()), self))
            }
        }
    }

    /// The next event, or nothing when there will be none.
    async fn event(&mut self) -> berth_model::Result<Option<Event>> {
        loop {
            let operation = self.authorise().await?;
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let found = self
                .store
                .operation_events(&self.cx, self.operation_id, self.after, BATCH);
            self.ready = found.await?.into();
            if self.ready.is_empty() {
                if operation.state.is_final() && operation.last_event <= self.after {
                    return Ok(None);
                }
                self.wait().await;
            }
        }
    }

    /// Looks again whether the token is good, for the same actor, and the operation visible.
    async fn authorise(&self) -> berth_model::Result<berth_model::Operation> {
        let actor: Actor = self.store.token_actor(&self.token).await?;
        if actor != self.cx.actor {
            return Err(Error::new(
                ErrorCode::Unauthenticated,
                "This token now acts for somebody else. Subscribe again.",
            ));
        }
        self.store.operation_get(&self.cx, self.operation_id).await
    }

    /// Until there may be news of this operation, or it is time to look anyway.
    async fn wait(&mut self) {
        let news = Wake::Operation(self.operation_id);
        let concerns = |wake| wake == news;
        self.hints.heard_within(self.poll, concerns).await;
    }
}

fn is_last(kind: OperationEventKind) -> bool {
    matches!(
        kind,
        OperationEventKind::Succeeded | OperationEventKind::Failed | OperationEventKind::Cancelled
    )
}
