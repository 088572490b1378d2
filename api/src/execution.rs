//! What becomes of an execution: its answer in time, with codes for its errors, also after a panic.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Response, ServerError};
use berth_model::{Error, ErrorCode, Locale, message};
use futures::{FutureExt, Stream, StreamExt};
use tokio::time::timeout;

use crate::error::{Refusal, finish};

/// The answer to a query or a mutation.
pub(crate) async fn answer(
    work: impl Future<Output = Response>,
    limit: Duration,
    locale: Locale,
) -> Response {
    let work = AssertUnwindSafe(work).catch_unwind();
    let mut response = match timeout(limit, work).await {
        Ok(answered) => answered.unwrap_or_else(|_| panicked()),
        Err(_) => late(limit, locale),
    };
    finish(&mut response, locale);
    response
}

/// The answers to a subscription. A panic is the last of them.
pub(crate) fn answers(
    events: impl Stream<Item = Response> + Send + 'static,
    locale: Locale,
) -> impl Stream<Item = Response> + Send + 'static {
    let events = AssertUnwindSafe(events).catch_unwind();
    events.map(move |item| {
        let mut response = item.unwrap_or_else(|_| panicked());
        finish(&mut response, locale);
        response
    })
}

fn late(limit: Duration, locale: Locale) -> Response {
    let message = message!(
        "This request took longer than {seconds} seconds. Ask for less. A mutation may have been \
         done: send it again with the same idempotency key.",
        seconds = limit.as_secs()
    );
    Refusal::from(Error::new(ErrorCode::LimitExceeded, message)).response(locale)
}

fn panicked() -> Response {
    let ours = Error::internal("a resolver panicked");
    let mut error = ServerError::new(ours.message(), None);
    error.source = Some(Arc::new(ours));
    Response::from_errors(vec![error])
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Mutex, MutexGuard},
    };

    use async_graphql::{EmptyMutation, Object, Schema, Subscription};
    use futures::stream;
    use serde_json::{Value, json};

    use super::*;

    struct Query {
        is_whole: bool,
    }

    #[Object]
    impl Query {
        async fn fine(&self) -> i32 {
            1
        }

        async fn broken(&self) -> i32 {
            assert!(self.is_whole, "a secret");
            1
        }
    }

    struct Events;

    #[Subscription]
    impl Events {
        async fn numbers(&self) -> impl Stream<Item = i32> {
            stream::iter(1..3).map(|number| {
                assert!(number < 2, "a secret");
                number
            })
        }
    }

    /// What is logged on this thread. Every test here listens: whether a line is of interest is asked
    /// once in a process, on the thread that comes to it first.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Log {
        fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.lock().unwrap()
        }

        fn listen(&self) -> tracing::subscriber::DefaultGuard {
            let log = self.clone();
            let builder = tracing_subscriber::fmt().with_writer(move || log.clone());
            tracing::subscriber::set_default(builder.finish())
        }

        fn says_so(&self, listening: tracing::subscriber::DefaultGuard) {
            drop(listening);
            let logged = String::from_utf8_lossy(&self.lock()).into_owned();
            assert!(logged.contains("ERROR"), "{logged}");
            assert!(logged.contains("a resolver panicked"), "{logged}");
        }
    }

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn schema() -> Schema<Query, EmptyMutation, Events> {
        let query = Query { is_whole: false };
        Schema::new(query, EmptyMutation, Events)
    }

    fn is_internal_and_tells_nothing(response: &Response) {
        let response = serde_json::to_value(response).unwrap();
        let expected = json!([{
            "message": Error::internal("").message(),
            "extensions": { "code": "INTERNAL" },
        }]);
        assert_eq!(response["errors"], expected);
        assert_eq!(response["data"], Value::Null);
    }

    #[tokio::test]
    async fn a_resolver_that_panics_is_an_internal_error_and_the_next_request_is_answered() {
        let (schema, log) = (schema(), Log::default());
        let listening = log.listen();
        let limit = Duration::from_secs(60);
        let response = answer(schema.execute("{ fine broken }"), limit, Locale::En).await;
        is_internal_and_tells_nothing(&response);
        log.says_so(listening);
        let response = answer(schema.execute("{ fine }"), limit, Locale::En).await;
        assert_eq!(response.data.to_string(), "{fine: 1}");
        assert!(response.errors.is_empty());
    }

    #[tokio::test]
    async fn a_subscription_that_panics_ends_with_an_internal_error() {
        let (schema, log) = (schema(), Log::default());
        let listening = log.listen();
        let events = schema.execute_stream("subscription { numbers }");
        let told: Vec<Response> = answers(events, Locale::En).collect().await;
        log.says_so(listening);
        let [first, last] = told.as_slice() else {
            panic!("not two answers: {told:?}");
        };
        assert_eq!(first.data.to_string(), "{numbers: 1}");
        is_internal_and_tells_nothing(last);
    }
}
