//! `GET /graphql/ws`: graphql-transport-ws, for subscriptions (queries and mutations work as well).
//!
//! The token comes in the payload of `connection_init`, since browsers can't set headers on
//! WebSockets. Every operation passes the same gate as over HTTP. A connection lasts as long as its
//! token: when that is gone, what runs on it ends with a coded error and the connection with 4403,
//! upon which clients get a new token and connect again. A client that neither sends nor answers
//! pings is closed, and so is one that doesn't begin.

mod ending;
mod session;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_graphql::http::{
    ClientMessage, WebSocket as Protocol, WebSocketProtocols as Protocols, WsMessage,
};
use axum::{
    extract::{
        Extension, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures::{SinkExt, Stream, StreamExt, stream::SplitStream};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};
use tracing::{Instrument, Span};

use self::{ending::close_code, session::Session};
use super::{accept::language, observe::RequestId, source::Source, token::token};
use crate::gate::Gate;

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
    source: Source,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Ok(permit) = Arc::clone(&connections.free).try_acquire_owned() else {
        let text = "Too many connections are open. Try again in a minute.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let limits = *connections.gate.limits();
    // Its request id is in the log of all that runs on it.
    let span = Span::current();
    let session = Session::new(
        connections.gate,
        token(&headers),
        language(&headers),
        request_id.into(),
        source,
    );
    upgrade
        .protocols(["graphql-transport-ws"])
        .max_message_size(limits.body_bytes)
        .max_frame_size(limits.body_bytes)
        .on_upgrade(move |socket| serve(session, socket, permit).instrument(span))
}

async fn serve(session: Session, socket: WebSocket, _open: OwnedSemaphorePermit) {
    let (mut sink, source) = socket.split();
    let heard = Arc::new(AtomicBool::new(false));
    let messages = messages(source, Arc::clone(&heard));
    let ping = session.gate.limits().ping;
    let mut ticks = interval(ping);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let beginning = session.clone();
    let protocol =
        Protocol::from_message_stream(session.clone(), messages.boxed(), Protocols::GraphQLWS)
            .on_connection_init(move |payload| beginning.begin(payload));
    let mut answers = protocol;
    let over = session.over();
    tokio::pin!(over);
    loop {
        let message = tokio::select! {
            // What ends is still told how, before the connection is closed.
            biased;
            answer = answers.next() => match answer {
                Some(WsMessage::Text(text)) => Message::Text(text.into()),
                Some(WsMessage::Close(code, _)) => {
                    let (code, reason) = session.ending.of_close(code, session.locale());
                    closing(code, &reason)
                }
                None => break,
            },
            error = &mut over => {
                closing(close_code(&error), &error.text(session.locale()))
            }
            _ = ticks.tick() => {
                if !session.has_begun() {
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

/// The client's messages; `heard` is set by whatever comes, also by answers to pings.
fn messages(
    source: SplitStream<WebSocket>,
    heard: Arc<AtomicBool>,
) -> impl Stream<Item = serde_json::Result<ClientMessage>> + Send {
    source
        .take_while(|message| std::future::ready(message.is_ok()))
        .filter_map(move |message| {
            heard.store(true, Ordering::Relaxed);
            std::future::ready(match message {
                Ok(Message::Text(text)) => Some(ClientMessage::from_bytes(text.as_str())),
                Ok(Message::Binary(bytes)) => Some(ClientMessage::from_bytes(&bytes)),
                _ => None,
            })
        })
}

/// A close frame holds 123 bytes of reason (RFC 6455 section 5.5).
fn closing(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame {
        code,
        reason: reason[..reason.floor_char_boundary(123)].into(),
    }))
}
