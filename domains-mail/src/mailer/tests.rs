//! Goldens of every notice in every language, hostile names, and the three ways that mail leaves.

use berth_model::{Brand, Locale, Notice, NoticeBody, NoticeId, NoticeKind, Recipient};
use proptest::prelude::*;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split},
    net::TcpListener,
};
use uuid::Uuid;

use super::*;
use crate::{Login, SmtpConfig, SmtpSecurity, letter::Letter};

mod bodies;
mod letters;
mod tls;

use bodies::{bodies, purged, reset};

fn mailer(config: &TransportConfig) -> Mailer {
    let from = "notices@provider.example".parse().unwrap();
    Mailer::new("Harbour", &from, config).unwrap()
}

fn notice(body: NoticeBody) -> Notice {
    Notice {
        id: NoticeId(Uuid::from_u128(0x0199_f000_0000_7000_8000_0000_0000_002a)),
        recipient: Recipient {
            name: "Anna".to_owned(),
            email: "anna@example.net".parse().unwrap(),
            locale: Locale::En,
        },
        brand: None,
        body,
        created_at: "2026-11-22T10:00:00Z".parse().unwrap(),
    }
}

/// A storefront that shows everything that it can.
fn brand(name: &str) -> Brand {
    Brand {
        accent_color: Some("#ffd400".parse().unwrap()),
        background_color: Some("#102030".parse().unwrap()),
        logo_url: Some("https://shop.example/logo.png?a=1&b=2".to_owned()),
        sender_email: Some("post@shop.example".parse().unwrap()),
        support_email: Some("help@shop.example".parse().unwrap()),
        support_url: Some("https://shop.example/help".to_owned()),
        terms_url: Some("https://shop.example/terms".to_owned()),
        terms_version: Some("3".to_owned()),
        privacy_url: Some("https://shop.example/privacy".to_owned()),
        imprint_url: Some("https://shop.example/imprint".to_owned()),
        ..Brand::named(name)
    }
}

/// The mail of a notice, with its lines' ends as files have them.
async fn mail(notice: &Notice) -> String {
    let mailer = mailer(&TransportConfig::Memory);
    mailer.send(notice).await.unwrap();
    mailer.sent().await.remove(0).replace("\r\n", "\n")
}

fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let (headers, _) = mail.split_once("\n\n").unwrap();
    let mut lines = headers.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_mail_is_the_same_whenever_it_is_made() {
    let mut notice = notice(reset());
    notice.brand = Some(brand("Sail & Co"));
    notice.recipient.locale = Locale::Fr;
    let first = mail(&notice).await;
    assert_eq!(first, mail(&notice).await);
    insta::assert_snapshot!("mail", first);
}

#[tokio::test]
async fn without_a_brand_it_is_from_the_provider() {
    let mail = mail(&notice(purged())).await;
    assert_eq!(
        header(&mail, "From"),
        Some("Harbour <notices@provider.example>")
    );
    assert_eq!(header(&mail, "Reply-To"), None);
    let mut nameless = notice(purged());
    nameless.recipient.name = " \r\n ".to_owned();
    let mail = self::mail(&nameless).await;
    assert_eq!(header(&mail, "To"), Some("anna@example.net"));
    assert!(mail.contains("\nHello,\n"));
}

#[tokio::test]
async fn file_transport_writes_one_file_for_each_mail() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("mail");
    let mailer = mailer(&TransportConfig::File(below.clone()));
    for body in bodies() {
        mailer.send(&notice(body)).await.unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&below)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(files.len(), NoticeKind::ALL.len());
    for file in files {
        assert!(file.contains("\r\nTo: Anna <anna@example.net>\r\n"));
    }
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
            "AUTH" if offer.contains("LOCKED") => "535 5.7.8 wrong password\r\n".to_owned(),
            "AUTH" => "235 2.7.0 welcome\r\n".to_owned(),
            "RCPT" if line.contains("nobody@") => "550 5.1.1 unknown\r\n".to_owned(),
            "RCPT" if line.contains("later@") => "451 4.3.0 not now\r\n".to_owned(),
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

/// Sends one to a server on this machine; what became of it, and what the server heard.
async fn over_smtp(notice: &Notice, offer: &'static str) -> (Result<(), Refusal>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server =
        tokio::spawn(async move { smtp_session(listener.accept().await.unwrap().0, offer).await });
    let sent = mailer(&smtp_config(port, SmtpSecurity::None))
        .send(notice)
        .await;
    (sent, server.await.unwrap())
}

#[tokio::test]
async fn smtp_says_who_we_are_and_hands_the_mail_over() {
    let mut notice = notice(bodies().remove(0));
    notice.brand = Some(brand("Shop"));
    let (sent, heard) = over_smtp(&notice, "250-AUTH PLAIN LOGIN\r\n").await;
    sent.unwrap();
    for line in [
        "AUTH PLAIN AGJlcnRoAHNlY3JldA==\n",
        // What can't be delivered comes back to the provider.
        "MAIL FROM:<notices@provider.example>",
        "RCPT TO:<anna@example.net>\n",
        "From: Shop <post@shop.example>\n",
        "Subject: Our rooms is ready\n",
    ] {
        assert!(heard.contains(line), "{line:?} is not in:\n{heard}");
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_told_from_what_may_go_later() {
    const OPEN: &str = "250-AUTH PLAIN\r\n";
    for (email, offer, is_final) in [
        ("nobody@example.net", OPEN, true),
        ("later@example.net", OPEN, false),
        // Not the mail's fault.
        (
            "anna@example.net",
            "250-LOCKED\r\n250-AUTH PLAIN\r\n",
            false,
        ),
    ] {
        let mut notice = notice(purged());
        notice.recipient.email = email.parse().unwrap();
        let (sent, heard) = over_smtp(&notice, offer).await;
        assert_eq!(sent.unwrap_err().is_final, is_final, "{email}");
        assert!(!heard.contains("DATA"));
    }
    let nobody_there = mailer(&smtp_config(1, SmtpSecurity::None));
    let refused = nobody_there.send(&notice(purged())).await.unwrap_err();
    assert!(!refused.is_final);
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        smtp_session(listener.accept().await.unwrap().0, "250-AUTH PLAIN\r\n").await
    });
    let mailer = mailer(&smtp_config(port, SmtpSecurity::StartTls));
    mailer.send(&notice(purged())).await.unwrap_err();
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
    /// Whatever people call themselves and what is theirs: no line of a header but ours, no tag in
    /// HTML.
    #[test]
    fn names_cannot_add_headers_or_tags(name in hostile(), tenant in hostile(), shop in hostile()) {
        let mut notice = notice(NoticeBody::Invitation {
            tenant,
            inviter: name.clone(),
            code: "482 913".to_owned(),
            url: "https://shop.example/join".to_owned(),
        });
        notice.recipient.name = name;
        notice.brand = Some(brand(&shop));
        let letter = Letter::new(&notice, notice.brand.as_ref().unwrap());
        prop_assert!(!letter.html().unwrap().contains("<script"));
        let turned = letter.text().contains(['\u{202e}', '\u{2066}', '\0']);
        prop_assert!(!turned);
        let sent = tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mailer = mailer(&TransportConfig::Memory);
            mailer.send(&notice).await.unwrap();
            mailer.sent().await.remove(0)
        });
        let (headers, _) = sent.split_once("\r\n\r\n").unwrap();
        let known = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted",
            "Content-Language", "MIME-Version", "Content-Type"];
        for line in headers.split("\r\n").filter(|line| !line.starts_with(' ')) {
            let field = line.split(':').next().unwrap_or(line);
            prop_assert!(known.contains(&field), "{line:?}");
        }
        prop_assert!(!headers.replace("\r\n", "").contains(['\r', '\n']));
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
        "\u{202e}",
        "\u{2066}",
    ];
    proptest::collection::vec(proptest::sample::select(parts), 1..8)
        .prop_map(|parts| parts.concat())
}
