//! How a process stops: at the first signal it finishes what it began, at the second it ends at once.

#![expect(clippy::unwrap_used, reason = "a test's help fails where it stands")]

use std::{path::Path, time::Duration};

use berth_store::testing::TestDatabase;
use berth_tests::{Environment, Process, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIMIT: Duration = Duration::from_secs(30);

/// An API, and a request to it whose body it waits for.
async fn api_with_held_request(home: &Path, database: &TestDatabase) -> (Process, TcpStream) {
    let environment = Environment::new(home, &database.app_url, None);
    let api = environment.start("api", &[]);
    environment.ready().await;
    let address = environment.url.strip_prefix("http://").unwrap();
    let mut request = TcpStream::connect(address).await.unwrap();
    let head = "POST /oauth/token HTTP/1.1\r\nhost: berth\r\ncontent-length: 1\r\n\
        content-type: application/x-www-form-urlencoded\r\nexpect: 100-continue\r\n\r\n";
    request.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 25];
    request.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n", "it is read");
    (api, request)
}

/// Asks the process to stop, and waits until it has heard.
async fn told(process: &Process) {
    process.signal(libc::SIGTERM);
    let look = || async { process.log().contains("stopping").then_some(()) };
    until(LIMIT, look, || process.log()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_lets_a_request_end() {
    let (home, database) = (tempfile::tempdir().unwrap(), TestDatabase::new().await);
    let (mut api, mut request) = api_with_held_request(home.path(), &database).await;
    told(&api).await;
    request.write_all(b"x").await.unwrap();
    let mut answer = String::new();
    request.read_to_string(&mut answer).await.unwrap();
    // It came without credentials, and is told so.
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.ends_with('}'), "to its end: {answer}");
    let status = api.end(LIMIT).await;
    assert_eq!(status.code(), Some(0), "{}", api.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_ends_it_at_once() {
    let (home, database) = (tempfile::tempdir().unwrap(), TestDatabase::new().await);
    let (mut api, _held) = api_with_held_request(home.path(), &database).await;
    told(&api).await;
    api.signal(libc::SIGTERM);
    let status = api.end(LIMIT).await;
    assert_eq!(status.code(), Some(130), "{}", api.log());
    assert!(api.log().contains("told twice"), "{}", api.log());
}
