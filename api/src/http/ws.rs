//! `GET /graphql/ws`: graphql-transport-ws, for subscriptions (queries and mutations work as well).
//!
//! The token comes in the payload of `connection_init`, since browsers can't set headers on
//! WebSockets. Every operation passes the same gate as over HTTP. A client that neither sends nor
//! answers pings is closed, and so is one that doesn't begin.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use async_graphql::{
    Data, Executor, Request as GraphqlRequest, Response as Answer,
    http::{ClientMessage, WebSocket as Protocol, WebSocketProtocols, WsMessage},
    parser::types::OperationType,
};
use async_trait::async_trait;
use axum::{
    extract::{
        Extension, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use berth_model::{Error, ErrorCode};
use futures::{SinkExt, StreamExt, stream, stream::BoxStream};
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};

use super::{
    measure::{kind_name, measure},
    observe::RequestId,
    token::{bearer, token},
};
use crate::{
    error::{Refusal, log, outcome},
    gate::{Gate, Origin},
};

/// The gate, and how many more connections may be open.
#[derive(Clone)]
pub(crate) struct Connections {
    /// The gate.
    pub gate: Arc<Gate>,
    free: Arc<Semaphore>,
}

impl Connections {
    /// None is open yet.
    pub fn over(gate: Arc<Gate>) -> Self {
        let free = Arc::new(Semaphore::new(gate.limits().connections));
        Self { gate, free }
    }
}

pub(crate) async fn upgrade(
    State(connections): State<Connections>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Ok(permit) = Arc::clone(&connections.free).try_acquire_owned() else {
        let text = "Too many connections are open. Try again in a minute.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let limits = *connections.gate.limits();
    let session = Session {
        gate: connections.gate,
        free: Arc::new(Semaphore::new(limits.streams)),
        header: token(&headers),
        request_id: request_id.into(),
    };
    upgrade
        .protocols(["graphql-transport-ws"])
        .max_message_size(limits.body_bytes)
        .max_frame_size(limits.body_bytes)
        .on_upgrade(move |socket| session.serve(socket, permit))
}

/// One connection.
#[derive(Clone)]
struct Session {
    gate: Arc<Gate>,
    /// How many more operations may run on it.
    free: Arc<Semaphore>,
    /// A token from the upgrade's own header, for clients that can send one.
    header: Option<Arc<str>>,
    request_id: Arc<str>,
}

/// The token from `connection_init`.
struct InitToken(Option<Arc<str>>);

impl Session {
    async fn serve(self, socket: WebSocket, _open: OwnedSemaphorePermit) {
        let (mut sink, source) = socket.split();
        let heard = Arc::new(AtomicBool::new(false));
        let begun = Arc::new(AtomicBool::new(false));
        let hearing = Arc::clone(&heard);
        let messages = source
            .take_while(|message| std::future::ready(message.is_ok()))
            .filter_map(move |message| {
                hearing.store(true, Ordering::Relaxed);
                std::future::ready(match message {
                    Ok(Message::Text(text)) => Some(ClientMessage::from_bytes(text.as_str())),
                    Ok(Message::Binary(bytes)) => Some(ClientMessage::from_bytes(&bytes)),
                    _ => None,
                })
            });
        let beginning = Arc::clone(&begun);
        let mut ticks = interval(self.gate.limits().ping);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let protocol = WebSocketProtocols::GraphQLWS;
        let mut answers = Protocol::from_message_stream(self, messages.boxed(), protocol)
            .on_connection_init(move |payload| {
                beginning.store(true, Ordering::Relaxed);
                let mut data = Data::default();
                data.insert(InitToken(token_of(&payload)));
                std::future::ready(Ok(data))
            });
        loop {
            let message = tokio::select! {
                answer = answers.next() => match answer {
                    Some(WsMessage::Text(text)) => Message::Text(text.into()),
                    Some(WsMessage::Close(code, reason)) => closing(code, &reason),
                    None => break,
                },
                _ = ticks.tick() => {
                    if !begun.load(Ordering::Relaxed) {
                        closing(4408, "Connection initialisation timeout")
                    } else if heard.swap(false, Ordering::Relaxed) {
                        Message::Ping(Vec::new().into())
                    } else {
                        closing(1001, "The client does not answer")
                    }
                }
            };
            let last = matches!(message, Message::Close(_));
            if sink.send(message).await.is_err() || last {
                break;
            }
        }
    }

    fn origin(&self, data: Option<&Data>) -> Origin {
        let token = data
            .and_then(|data| data.get(&std::any::TypeId::of::<InitToken>()))
            .and_then(|token| token.downcast_ref::<InitToken>())
            .and_then(|token| token.0.clone());
        Origin {
            token: token.or_else(|| self.header.clone()),
            request_id: self.request_id.to_string(),
        }
    }

    async fn begin(self, request: GraphqlRequest, origin: Origin) -> BoxStream<'static, Answer> {
        let started = Instant::now();
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
            let message = format!(
                "Too many operations run on this connection. The limit is {}. Complete one first.",
                self.gate.limits().streams
            );
            return refused(
                &Error::new(ErrorCode::LimitExceeded, message).into(),
                started,
            );
        };
        let admitted = match self.gate.admit(request, &origin).await {
            Ok(admitted) => admitted,
            Err(refusal) => return refused(&refusal, started),
        };
        let kind = kind_name(admitted.kind);
        if admitted.kind == OperationType::Subscription {
            measure(kind, "OK", started);
            let events = self.gate.follow(admitted);
            return events.map(move |answer| held(answer, &permit)).boxed();
        }
        let answer = self.gate.run(admitted).await;
        measure(kind, outcome(&answer), started);
        stream::once(std::future::ready(answer)).boxed()
    }
}

#[async_trait]
impl Executor for Session {
    async fn execute(&self, request: GraphqlRequest) -> Answer {
        let answers = self.execute_stream(request, None);
        answers.into_future().await.0.unwrap_or_default()
    }

    fn execute_stream(
        &self,
        request: GraphqlRequest,
        data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Answer> {
        let origin = self.origin(data.as_deref());
        stream::once(self.clone().begin(request, origin))
            .flatten()
            .boxed()
    }
}

/// An answer, while the permit is held.
fn held(answer: Answer, _permit: &OwnedSemaphorePermit) -> Answer {
    answer
}

fn refused(refusal: &Refusal, started: Instant) -> BoxStream<'static, Answer> {
    log(&refusal.error);
    measure("none", refusal.error.code().as_str(), started);
    stream::once(std::future::ready(refusal.response())).boxed()
}

fn closing(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: reason.into(),
    }))
}

/// `{"authorization": "Bearer …"}` or `{"accessToken": "…"}`.
fn token_of(payload: &Value) -> Option<Arc<str>> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    text("authorization")
        .or_else(|| text("Authorization"))
        .and_then(bearer)
        .or_else(|| {
            text("accessToken")
                .filter(|token| !token.is_empty())
                .map(Into::into)
        })
}
