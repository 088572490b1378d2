//! Asks an application for its health over HTTP, as a user's request would reach it.

use std::{net::SocketAddr, time::Duration};

use berth_model::{Error, Result};
use reqwest::{Client, header::HOST, redirect::Policy};

use crate::{Health, ProbeTarget};

/// From the connection's begin to the body's end.
const LIMIT: Duration = Duration::from_secs(5);
/// More of a body is not read.
const BODY_LIMIT: usize = 1024 * 1024;

/// An HTTP client for probes: no proxy, no redirects, nothing kept open between two probes.
#[derive(Clone, Debug)]
pub struct Prober(Client);

impl Prober {
    /// A client.
    ///
    /// # Errors
    ///
    /// Internal, if the HTTP library can't start.
    pub fn new() -> Result<Self> {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .timeout(LIMIT)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(Error::internal)?;
        Ok(Self(client))
    }

    /// Asks once: `GET <path>` with the domain name as Host; 200 and the wanted text are healthy.
    pub async fn probe(&self, target: &ProbeTarget) -> Health {
        let address = SocketAddr::new(target.address, target.port);
        let url = format!("http://{address}{}", target.probe.path);
        let request = self.0.get(url).header(HOST, &target.domain_name);
        match request.send().await {
            Ok(response) => judge(response, target.probe.contains.as_deref()).await,
            Err(error) => Health::Unreachable(reason(&error)),
        }
    }
}

async fn judge(mut response: reqwest::Response, contains: Option<&str>) -> Health {
    if response.status() != reqwest::StatusCode::OK {
        return Health::Unhealthy(format!("It answers {}.", response.status()));
    }
    let Some(wanted) = contains else {
        return Health::Healthy;
    };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() < BODY_LIMIT => body.extend_from_slice(&chunk),
            Ok(_) => break,
            Err(error) => return Health::Unreachable(reason(&error)),
        }
    }
    if String::from_utf8_lossy(&body).contains(wanted) {
        Health::Healthy
    } else {
        Health::Unhealthy(format!("Its answer does not contain {wanted:?}."))
    }
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("No answer within {} s.", LIMIT.as_secs());
    }
    let mut text = String::from("No answer");
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    use berth_model::Probe;

    use super::*;

    /// Answers one request and gives back what was asked.
    fn server(answer: &'static str) -> (SocketAddr, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 4096];
            let length = stream.read(&mut buffer).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        });
        (address, thread)
    }

    fn target(address: SocketAddr, contains: Option<&str>) -> ProbeTarget {
        ProbeTarget {
            address: address.ip(),
            port: address.port(),
            domain_name: "example.org".into(),
            probe: Probe {
                path: "/health?a=b".into(),
                contains: contains.map(Into::into),
                deadline_seconds: 1,
            },
        }
    }

    async fn ask(answer: &'static str, contains: Option<&str>) -> (Health, String) {
        let (address, thread) = server(answer);
        let health = Prober::new()
            .unwrap()
            .probe(&target(address, contains))
            .await;
        (health, thread.join().unwrap())
    }

    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nversion";
    const MOVED: &str = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";

    #[tokio::test]
    async fn a_good_answer_is_healthy() {
        let (health, request) = ask(OK, Some("version")).await;
        assert_eq!(health, Health::Healthy);
        assert!(
            request.starts_with("GET /health?a=b HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.to_lowercase().contains("host: example.org\r\n"),
            "{request}"
        );
    }

    #[tokio::test]
    async fn wrong_answers_are_unhealthy() {
        assert!(matches!(
            ask(OK, Some("other")).await.0,
            Health::Unhealthy(_)
        ));
        assert!(matches!(ask(MOVED, None).await.0, Health::Unhealthy(_)));
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable() {
        let closed = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let health = Prober::new().unwrap().probe(&target(closed, None)).await;
        assert!(
            matches!(&health, Health::Unreachable(why) if why.contains("refused")),
            "{health:?}"
        );
    }
}
