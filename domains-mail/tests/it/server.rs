//! A mail server that does as it is told.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
    time::timeout,
};

/// No test waits longer for one thing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What the server does with a mail to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Takes it.
    Take,
    /// Refuses the address with this answer.
    Refuse(&'static str),
    /// Hears all of it and never answers.
    Hang,
}

/// A mail that was heard.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub data: String,
}

impl Mail {
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.data.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("{name} is not in {}", self.data))
    }
}

pub struct Server {
    pub port: u16,
    heard: UnboundedReceiver<Mail>,
    listening: JoinHandle<()>,
}

type Judge = Arc<dyn Fn(&str) -> Verdict + Send + Sync>;

impl Server {
    /// Asks `judge` about each address, at the time it is named.
    pub async fn new(judge: impl Fn(&str) -> Verdict + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, heard) = unbounded_channel();
        let judge: Judge = Arc::new(judge);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(session(stream, Arc::clone(&judge), tell.clone()));
            }
        });
        Self {
            port,
            heard,
            listening,
        }
    }

    pub async fn next(&mut self) -> Mail {
        let heard = timeout(PATIENCE, self.heard.recv()).await;
        heard.expect("a mail comes").unwrap()
    }

    pub fn is_quiet(&mut self) -> bool {
        self.heard.try_recv().is_err()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Ends when the client goes; nobody listens to what is wrong then.
async fn session(stream: TcpStream, judge: Judge, tell: UnboundedSender<Mail>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let _ = write.write_all(b"220 sink.example ESMTP\r\n").await;
    let (mut to, mut verdict) = (String::new(), Verdict::Take);
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split([' ', ':']).next().unwrap_or("") {
            "EHLO" => "250-sink.example\r\n250 8BITMIME".to_owned(),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or("").to_owned();
                verdict = judge(&to);
                match verdict {
                    Verdict::Refuse(answer) => answer.to_owned(),
                    _ => "250 2.1.5 fine".to_owned(),
                }
            }
            "DATA" => {
                let _ = write.write_all(b"354 go on\r\n").await;
                let mut data = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    data += &format!("{line}\n");
                }
                let _ = tell.send(Mail {
                    to: to.clone(),
                    data,
                });
                if verdict == Verdict::Hang {
                    continue;
                }
                "250 2.0.0 taken".to_owned()
            }
            "QUIT" => break,
            _ => "250 2.0.0 fine".to_owned(),
        };
        let _ = write.write_all(format!("{answer}\r\n").as_bytes()).await;
    }
}
