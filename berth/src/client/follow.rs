//! Following an operation over graphql-transport-ws, from event to event. A connection that drops
//! is made again and goes on after the last event that was seen.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::http::ApiClient;
use crate::failure::{Exit, Failure};

/// Without any sign of life for so long, a connection is taken for dead; the API pings more often.
const SILENCE: Duration = Duration::from_secs(60);
/// How long the API may stay away before following is given up.
const AWAY_MAX: Duration = Duration::from_secs(120);
/// Between two tries to connect.
const PAUSE: Duration = Duration::from_secs(1);
/// For connecting and for the first answer.
const CONNECT: Duration = Duration::from_secs(10);

const SUBSCRIPTION: &str = "subscription($id: ID!, $after: Int) {
  operationUpdated(id: $id, after: $after) { number kind step percent message at }
}";

/// An event of an operation.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    /// From 1, without gaps.
    pub(crate) number: i64,
    /// As in `OperationEventKind`.
    pub(crate) kind: String,
    /// The step it is about.
    pub(crate) step: Option<String>,
    /// Of the whole operation.
    pub(crate) percent: i64,
    /// For people.
    pub(crate) message: String,
    /// When, RFC 3339.
    pub(crate) at: berth_model::Timestamp,
}

impl Event {
    /// Whether it is the last.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.kind.as_str(), "SUCCEEDED" | "FAILED" | "CANCELLED")
    }
}

/// Calls `on_event` for every event of an operation, once each and in order, until its last.
pub(crate) async fn follow(
    client: &ApiClient,
    operation: &str,
    mut on_event: impl FnMut(&Event),
) -> Result<Event, Failure> {
    let mut after = 0;
    let mut last_contact = tokio::time::Instant::now();
    loop {
        let ended = listen(client, operation, after, |event| {
            after = event.number;
            on_event(event);
        })
        .await;
        match ended {
            Ok(Some(event)) => return Ok(event),
            Ok(None) => last_contact = tokio::time::Instant::now(),
            Err(Lost::Refused(message)) => {
                return Err(Failure::new(
                    Exit::Refused,
                    format!("following was refused: {message}"),
                ));
            }
            Err(Lost::Away(cause)) if last_contact.elapsed() > AWAY_MAX => {
                let message = format!(
                    "{} can't be reached ({cause}); the order goes on without us: \
                    operation {operation}",
                    client.url
                );
                return Err(Failure::new(Exit::Unreachable, message));
            }
            Err(Lost::Away(_)) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Why a connection ended.
enum Lost {
    /// It can be tried again.
    Away(String),
    /// It would be refused again.
    Refused(String),
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One connection: the last event, or `None` if it dropped after it worked.
async fn listen(
    client: &ApiClient,
    operation: &str,
    after: i64,
    mut on_event: impl FnMut(&Event),
) -> Result<Option<Event>, Lost> {
    let mut socket = connect(client).await?;
    let subscribe = json!({"id": "1", "type": "subscribe", "payload": {
        "query": SUBSCRIPTION, "variables": {"id": operation, "after": after},
    }});
    send(&mut socket, &subscribe).await?;
    loop {
        let Ok(message) = receive(&mut socket, SILENCE).await else {
            return Ok(None);
        };
        match message["type"].as_str() {
            Some("next") => {
                if let Some(error) = message.pointer("/payload/errors/0") {
                    if error["extensions"]["code"] == "UNAUTHENTICATED" {
                        // The token has expired meanwhile: it goes on with a new one.
                        client.tokens.forget().await;
                        return Ok(None);
                    }
                    return Err(Lost::Refused(error["message"].to_string()));
                }
                let event = message.pointer("/payload/data/operationUpdated").cloned();
                let event: Event = serde_json::from_value(event.unwrap_or_default())
                    .map_err(|cause| Lost::Refused(format!("an event can't be read: {cause}")))?;
                on_event(&event);
                if event.is_final() {
                    // The server may be quicker to close than we are.
                    let _ = socket.close(None).await;
                    return Ok(Some(event));
                }
            }
            Some("ping") => send(&mut socket, &json!({"type": "pong"})).await?,
            Some("error") => return Err(Lost::Refused(message["payload"].to_string())),
            Some("complete") => return Ok(None),
            _ => {}
        }
    }
}

async fn connect(client: &ApiClient) -> Result<Socket, Lost> {
    let away = |cause: String| Lost::Away(cause);
    let token = client
        .tokens
        .get()
        .await
        .map_err(|failure| match failure.exit {
            Exit::Refused => Lost::Refused(failure.message),
            _ => Lost::Away(failure.message),
        })?;
    let url = client.url.replacen("http", "ws", 1);
    let mut request = format!("{url}/graphql/ws")
        .into_client_request()
        .map_err(|cause| Lost::Refused(cause.to_string()))?;
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", protocol);
    let (mut socket, _) = timeout(CONNECT, connect_async(request))
        .await
        .map_err(|_| away("no answer".to_owned()))?
        .map_err(|cause| away(cause.to_string()))?;
    let hello = json!({
        "type": "connection_init",
        "payload": {"Authorization": format!("Bearer {token}")},
    });
    send(&mut socket, &hello).await?;
    loop {
        let answer = match receive(&mut socket, CONNECT).await {
            Ok(answer) => answer,
            Err(cause) => {
                // It may be the token that isn't taken: a fresh one tells.
                client.tokens.forget().await;
                return Err(away(cause));
            }
        };
        match answer["type"].as_str() {
            Some("connection_ack") => return Ok(socket),
            Some("ping") => send(&mut socket, &json!({"type": "pong"})).await?,
            _ => return Err(Lost::Away(format!("the API did not welcome us: {answer}"))),
        }
    }
}

async fn send(socket: &mut Socket, message: &Value) -> Result<(), Lost> {
    let sent = socket.send(Message::text(message.to_string())).await;
    sent.map_err(|cause| Lost::Away(cause.to_string()))
}

/// The next message. WebSocket's own pings are answered underneath.
async fn receive(socket: &mut Socket, silence: Duration) -> Result<Value, String> {
    loop {
        let message = timeout(silence, socket.next())
            .await
            .map_err(|_| "silence".to_owned())?;
        match message {
            Some(Ok(Message::Text(text))) => {
                return serde_json::from_str(&text).map_err(|cause| cause.to_string());
            }
            Some(Ok(Message::Close(frame))) => {
                return Err(frame.map_or("closed".to_owned(), |frame| frame.reason.to_string()));
            }
            Some(Ok(_)) => {}
            Some(Err(cause)) => return Err(cause.to_string()),
            None => return Err("closed".to_owned()),
        }
    }
}
