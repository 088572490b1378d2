//! Goldens of every notice, hostile names, and the three ways that mail leaves.

use std::{sync::Arc, time::Duration};

use berth_model::{
    DeploymentEvent, DeploymentNotice, ErrorCode, Locale, ManualClock, Notices, Recipient,
};
use proptest::prelude::*;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split},
    net::TcpListener,
};

use super::*;
use crate::{Login, SmtpConfig, SmtpSecurity};

mod tls;

fn mailer(config: &TransportConfig) -> Mailer {
    let now = "2026-11-22T10:00:00Z".parse().unwrap();
    let from = "notices@provider.example".parse().unwrap();
    Mailer::new("Harbour", &from, config, Arc::new(ManualClock::new(now))).unwrap()
}

fn notice(body: DeploymentEvent) -> DeploymentNotice {
    DeploymentNotice {
        operation_id: "opr_0199f00000007000800000000000002a".parse().unwrap(),
        deployment: "Our rooms".to_owned(),
        domain_name: "rooms.example.org".parse().unwrap(),
        application: "Matrix".to_owned(),
        event: body,
    }
}

fn anna() -> Vec<Recipient> {
    vec![Recipient {
        name: "Anna".to_owned(),
        email: "anna@example.net".parse().unwrap(),
        locale: Locale::En,
    }]
}

fn bodies() -> Vec<DeploymentEvent> {
    vec![
        DeploymentEvent::Running {
            administrator_username: "admin".to_owned(),
        },
        DeploymentEvent::Degraded {
            reason: "It did not get healthy in 300 s.".to_owned(),
        },
        DeploymentEvent::Refused {
            reason: "No machine has room for it now.".to_owned(),
        },
        DeploymentEvent::Deleted {
            retain_until: "2026-12-22T10:00:00Z".parse().unwrap(),
        },
        DeploymentEvent::Purged,
    ]
}

#[tokio::test]
async fn each_notice_reads_as_written_down() {
    for body in bodies() {
        let mailer = mailer(&TransportConfig::Memory);
        let name = body.kind().as_str().to_lowercase();
        mailer.send(&notice(body), &anna()).await.unwrap();
        let sent = mailer.sent().await;
        assert_eq!(sent.len(), 1);
        insta::assert_snapshot!(name, sent[0].replace("\r\n", "\n"));
    }
}

#[tokio::test]
async fn the_same_notice_is_the_same_mail_and_each_recipient_has_their_own() {
    let notice = notice(DeploymentEvent::Purged);
    let mut recipients = anna();
    let other = Recipient {
        name: "Ben".to_owned(),
        email: "ben@example.net".parse().unwrap(),
        locale: Locale::En,
    };
    recipients.push(other);
    let mailer = mailer(&TransportConfig::Memory);
    mailer.send(&notice, &recipients).await.unwrap();
    mailer.send(&notice, &recipients).await.unwrap();
    let sent = mailer.sent().await;
    assert_eq!(sent.len(), 4);
    assert_eq!((&sent[0], &sent[1]), (&sent[2], &sent[3]));
    assert!(!sent[0].contains("ben@") && !sent[1].contains("anna@"));
    let id = |mail: &str| {
        mail.lines()
            .find(|line| line.starts_with("Message-ID"))
            .unwrap()
            .to_owned()
    };
    assert_ne!(id(&sent[0]), id(&sent[1]));
}

#[tokio::test]
async fn file_transport_writes_one_file_for_each_mail() {
    let folder = std::env::temp_dir().join(format!("berth-mail-{}", std::process::id()));
    let mailer = mailer(&TransportConfig::File(folder.clone()));
    for body in bodies() {
        mailer.send(&notice(body), &anna()).await.unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 5);
    for file in files {
        assert!(
            std::fs::read_to_string(file)
                .unwrap()
                .contains("\r\nTo: Anna <anna@example.net>\r\n")
        );
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Speaks the server's side of one SMTP session and gives back what the client said.
async fn smtp_session(
    mut stream: impl AsyncRead + AsyncWrite + Send + Unpin,
    offer: &str,
) -> String {
    stream
        .write_all(b"220 sink.example ESMTP\r\n")
        .await
        .unwrap();
    smtp_listen(stream, offer).await
}

/// The same after the greeting.
async fn smtp_listen(stream: impl AsyncRead + AsyncWrite + Send + Unpin, offer: &str) -> String {
    let (read, mut write) = split(stream);
    let mut lines = BufReader::new(read).lines();
    let mut heard = String::new();
    let mut in_data = false;
    while let Ok(Some(line)) = lines.next_line().await {
        heard += &format!("{line}\n");
        let answer = match line.split(' ').next().unwrap_or("") {
            "." if in_data => {
                in_data = false;
                "250 2.0.0 taken\r\n".to_owned()
            }
            _ if in_data => continue,
            "EHLO" => format!("250-sink.example\r\n{offer}250 8BITMIME\r\n"),
            "DATA" => {
                in_data = true;
                "354 go on\r\n".to_owned()
            }
            "AUTH" => "235 2.7.0 welcome\r\n".to_owned(),
            "RCPT" if line.contains("nobody@") => "550 5.1.1 unknown\r\n".to_owned(),
            "QUIT" => break,
            _ => "250 2.0.0 fine\r\n".to_owned(),
        };
        write.write_all(answer.as_bytes()).await.unwrap();
    }
    heard
}

fn smtp_config(port: u16, security: SmtpSecurity) -> TransportConfig {
    TransportConfig::Smtp(SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security,
        ca_file: None,
        login: Some(Login {
            username: "berth".to_owned(),
            password: "secret".to_owned(),
        }),
        time_limit: Duration::from_secs(5),
    })
}

#[tokio::test]
async fn smtp_says_who_we_are_and_hands_the_mail_over() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        smtp_session(
            listener.accept().await.unwrap().0,
            "250-AUTH PLAIN LOGIN\r\n",
        )
        .await
    });
    let mailer = mailer(&smtp_config(port, SmtpSecurity::None));
    mailer
        .send(&notice(bodies().remove(0)), &anna())
        .await
        .unwrap();
    let heard = server.await.unwrap();
    for line in [
        "AUTH PLAIN AGJlcnRoAHNlY3JldA==\n",
        "MAIL FROM:<notices@provider.example>",
        "RCPT TO:<anna@example.net>\n",
        "Subject: Our rooms is ready\n",
    ] {
        assert!(heard.contains(line), "{line:?} is not in:\n{heard}");
    }
}

#[tokio::test]
async fn a_refused_recipient_does_not_cost_the_others_their_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let first = smtp_session(listener.accept().await.unwrap().0, "250-AUTH PLAIN\r\n").await;
        let second = smtp_session(listener.accept().await.unwrap().0, "250-AUTH PLAIN\r\n").await;
        (first, second)
    });
    let notice = notice(DeploymentEvent::Purged);
    let mut recipients = anna();
    let nobody = Recipient {
        name: "No".to_owned(),
        email: "nobody@example.net".parse().unwrap(),
        locale: Locale::En,
    };
    recipients.insert(0, nobody);
    let error = mailer(&smtp_config(port, SmtpSecurity::None))
        .send(&notice, &recipients)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(error.cause_text().contains("unknown") && !error.message().contains("unknown"));
    let (first, second) = server.await.unwrap();
    assert!(!first.contains("DATA") && second.contains("RCPT TO:<anna@example.net>\n"));
    assert!(second.contains("The data of Our rooms was removed"));
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        smtp_session(listener.accept().await.unwrap().0, "250-AUTH PLAIN\r\n").await
    });
    let mailer = mailer(&smtp_config(port, SmtpSecurity::StartTls));
    mailer
        .send(&notice(DeploymentEvent::Purged), &anna())
        .await
        .unwrap_err();
    let heard = server.await.unwrap();
    assert!(
        !heard.contains("AUTH") && !heard.contains("MAIL"),
        "{heard}"
    );
}

#[test]
fn a_password_is_not_shown() {
    assert!(!format!("{:?}", smtp_config(25, SmtpSecurity::None)).contains("secret"));
}

proptest! {
    /// Whatever people call themselves and their deployment: no line of a header but ours, no tag
    /// in HTML.
    #[test]
    fn names_cannot_add_headers_or_tags(name in hostile(), deployment in hostile()) {
        let mut notice = notice(DeploymentEvent::Purged);
        let mut recipients = anna();
        recipients[0].name = name;
        notice.deployment = deployment;
        let mailer = mailer(&TransportConfig::Memory);
        let sent = tokio::runtime::Runtime::new().unwrap().block_on(async {
            mailer.send(&notice, &recipients).await.unwrap();
            mailer.sent().await.remove(0)
        });
        let (headers, body) = sent.split_once("\r\n\r\n").unwrap();
        let known = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
            "Content-Type"];
        for line in headers.split("\r\n").filter(|line| !line.starts_with(' ')) {
            let field = line.split(':').next().unwrap_or(line);
            prop_assert!(known.contains(&field), "{line:?}");
        }
        prop_assert!(!headers.replace("\r\n", "").contains(['\r', '\n']));
        let (_, html) = body.split_once("text/html").unwrap();
        prop_assert!(!html.contains("<script"));
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let parts = vec![
        "a",
        "\r\n",
        "\n",
        "Bcc: x@y.example",
        "<script>",
        "\"",
        "ü",
        " ",
        "\t",
        "\0",
        ",",
    ];
    proptest::collection::vec(proptest::sample::select(parts), 1..8)
        .prop_map(|parts| parts.concat())
}
