//! One connection: its token, and what runs on it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use async_graphql::{
    Data, Executor, Request as GraphqlRequest, Response as Answer, parser::types::OperationType,
};
use async_trait::async_trait;
use berth_model::{Caller, Error, ErrorCode, Locale, Message, message};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{MissedTickBehavior, interval},
};

use super::ending::Ending;
use crate::{
    error::{Refusal, log, outcome},
    gate::{Admitted, Gate, Origin, visitors_read_only},
    http::{measure::measure, source::Source, token::bearer},
    label::Label,
};

/// One connection.
#[derive(Clone)]
pub(super) struct Session {
    /// The gate.
    pub gate: Arc<Gate>,
    /// That it ends, and why.
    pub ending: Ending,
    /// How many more operations may run on it.
    free: Arc<Semaphore>,
    /// A token from the upgrade's own header, for clients that can send one.
    header: Option<Arc<str>>,
    /// The language of the upgrade's own header.
    asked: Locale,
    /// The language of all of it.
    locale: Arc<OnceLock<Locale>>,
    /// The token that is good for all of it.
    token: Arc<OnceLock<Arc<str>>>,
    begun: Arc<AtomicBool>,
    request_id: Arc<str>,
    source: Source,
}

impl Session {
    /// A connection that hasn't begun.
    pub fn new(
        gate: Arc<Gate>,
        header: Option<Arc<str>>,
        asked: Locale,
        request_id: Arc<str>,
        source: Source,
    ) -> Self {
        let free = Arc::new(Semaphore::new(gate.limits().streams));
        Self {
            gate,
            ending: Ending::new(),
            free,
            header,
            asked,
            locale: Arc::default(),
            token: Arc::default(),
            begun: Arc::default(),
            request_id,
            source,
        }
    }

    /// In which language the client is told what is wrong.
    pub fn locale(&self) -> Locale {
        self.locale.get().copied().unwrap_or(self.asked)
    }

    /// Whether the client has sent `connection_init`.
    pub fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Answers `connection_init`: nobody holds a connection without a good token.
    pub async fn begin(self, payload: Value) -> async_graphql::Result<Data> {
        self.begun.store(true, Ordering::Relaxed);
        if let Some(locale) = language_of(&payload) {
            self.locale.get_or_init(|| locale);
        }
        let token = token_of(&payload).or_else(|| self.header.clone());
        let known = self.gate.authenticate(token.as_ref()).await;
        // Connections are counted for all: strangers must not take them.
        let known = known.and_then(|(actor, token)| match actor.caller {
            Caller::Visitor(_) => Err(visitors_read_only()),
            _ => Ok(token),
        });
        match known {
            Ok(token) => {
                // The protocol has one `connection_init` at most.
                self.token.get_or_init(|| token);
                Ok(Data::default())
            }
            Err(error) => {
                log(&error);
                self.ending.tell(error);
                Err("Forbidden".into())
            }
        }
    }

    /// Waits until the connection has to end. A token that nothing uses is looked at now and then.
    pub async fn over(&self) -> Arc<Error> {
        let mut ticks = interval(self.gate.limits().ping);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                error = self.ending.told() => {
                    // Who was told in the same moment tells the client first.
                    tokio::task::yield_now().await;
                    return error;
                }
                _ = ticks.tick() => self.look().await,
            }
        }
    }

    async fn look(&self) {
        if let Some(token) = self.token.get()
            && let Err(error) = self.gate.authenticate(Some(token)).await
        {
            self.ended_by(error);
        }
    }

    /// A token that is gone ends the connection; a database that is gone may come back.
    fn ended_by(&self, error: Error) {
        if error.code() == ErrorCode::Unauthenticated {
            self.ending.tell(error);
        }
    }

    async fn start(self, request: GraphqlRequest) -> BoxStream<'static, Answer> {
        let started = Instant::now();
        let refused = Label::refused(request.operation_name.as_deref());
        let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() else {
            let message = message!(
                "Too many operations run on this connection. The limit is {limit}. Complete one first.",
                limit = self.gate.limits().streams
            );
            let error = Error::new(ErrorCode::LimitExceeded, message);
            return self.refused(error.into(), &refused, started);
        };
        let origin = Origin {
            token: self.token.get().cloned(),
            request_id: self.request_id.to_string(),
            remote: self.source.remote,
            user_agent: self.source.user_agent.clone(),
            locale: self.locale.get().copied().or(self.source.locale),
        };
        let admitted = match self.gate.admit(request, &origin).await {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refused(refusal, &refused, started),
        };
        let label = admitted.label.clone();
        if admitted.kind == OperationType::Subscription {
            told(&label, "OK", started);
            return self.follow(admitted, permit);
        }
        let answer = self.gate.run(admitted).await;
        told(&label, outcome(&answer), started);
        only(answer)
    }

    /// A subscription: as long as it goes on, and no longer than its connection.
    fn follow(
        self,
        admitted: Admitted,
        permit: OwnedSemaphorePermit,
    ) -> BoxStream<'static, Answer> {
        let events = self.gate.follow(admitted);
        let running = Some((events, self, permit));
        stream::unfold(running, |running| async move {
            let (mut events, session, permit) = running?;
            tokio::select! {
                biased;
                error = session.ending.told() => {
                    let refusal = Refusal::from(error.public());
                    Some((refusal.response(session.locale()), None))
                }
                answer = events.next() => {
                    let answer = answer?;
                    if outcome(&answer) == ErrorCode::Unauthenticated.as_str() {
                        let message = Message::verbatim(answer.errors[0].message.clone());
                        session.ended_by(Error::new(ErrorCode::Unauthenticated, message));
                        return Some((answer, None));
                    }
                    Some((answer, Some((events, session, permit))))
                }
            }
        })
        .boxed()
    }

    fn refused(
        &self,
        refusal: Refusal,
        label: &Label,
        started: Instant,
    ) -> BoxStream<'static, Answer> {
        log(&refusal.error);
        told(label, refusal.error.code().as_str(), started);
        let answer = refusal.response(self.locale());
        self.ended_by(refusal.error);
        only(answer)
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
        _: Option<Arc<Data>>,
    ) -> BoxStream<'static, Answer> {
        stream::once(self.clone().start(request)).flatten().boxed()
    }
}

/// Counts an operation and logs it: it has no line in the access log.
fn told(label: &Label, outcome: &'static str, started: Instant) {
    measure(label, outcome, started);
    tracing::info!(
        operation_type = label.operation_type,
        operation_name = label.operation_name.as_deref(),
        root_field = label.root_field.as_ref(),
        outcome,
        millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered on a WebSocket"
    );
}

fn only(answer: Answer) -> BoxStream<'static, Answer> {
    stream::once(std::future::ready(answer)).boxed()
}

/// `{"acceptLanguage": "de"}`, since browsers can't set headers on WebSockets.
fn language_of(payload: &Value) -> Option<Locale> {
    payload
        .get("acceptLanguage")
        .and_then(Value::as_str)
        .and_then(Locale::accepted)
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
