//! An HTTP server that keeps what it was sent, and answers as it is told.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    task::JoinHandle,
    time::timeout,
};

/// Nothing here takes longer, on the slowest of machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A request.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

type Answers = Arc<Mutex<Box<dyn FnMut(&Received) -> Response + Send>>>;

#[derive(Clone)]
struct Shared {
    answers: Answers,
    received: mpsc::UnboundedSender<Received>,
    /// A request is answered when it has one of these.
    turns: Arc<Semaphore>,
}

pub struct Server {
    pub address: SocketAddr,
    received: mpsc::UnboundedReceiver<Received>,
    turns: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// One that answers with this status.
    pub async fn new(status: u16) -> Self {
        Self::answering(move |_| StatusCode::from_u16(status).unwrap().into_response()).await
    }

    pub async fn answering(answers: impl FnMut(&Received) -> Response + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::unbounded_channel();
        let turns = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let shared = Shared {
            answers: Arc::new(Mutex::new(Box::new(answers))),
            received: sender,
            turns: Arc::clone(&turns),
        };
        let app = Router::new().fallback(post(receive)).with_state(shared);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            received,
            turns,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// From now on requests come in and are not answered.
    pub fn hold(&self) {
        self.turns.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// From now on they are answered, those that came in too.
    pub fn release(&self) {
        self.turns.add_permits(Semaphore::MAX_PERMITS);
    }

    /// The next request, in the order in which they came in.
    pub async fn next(&mut self) -> Received {
        let next = timeout(PATIENCE, self.received.recv()).await;
        next.expect("a request comes").unwrap()
    }

    /// Whether a request came in that nobody asked for yet.
    pub fn is_quiet(&mut self) -> bool {
        self.received.try_recv().is_err()
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let received = Received {
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    shared.received.send(received.clone()).unwrap();
    let _turn = shared.turns.acquire().await.unwrap();
    (shared.answers.lock().unwrap())(&received)
}
