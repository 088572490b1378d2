//! SMTP over TLS: whom we trust, and that nothing is said before.

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use std::sync::Arc;

use super::*;

const OFFER: &str = "250-AUTH PLAIN LOGIN\r\n";

/// What a server heard: in the open, and protected if it came to that.
struct Heard {
    open: String,
    protected: Option<String>,
}

/// A mail server with a certificate for 127.0.0.1 that it signed itself.
struct Server {
    certified: CertifiedKey<KeyPair>,
    listener: TcpListener,
    security: SmtpSecurity,
}

impl Server {
    async fn new(security: SmtpSecurity) -> Self {
        Self {
            certified: generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap(),
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            security,
        }
    }

    fn config(&self, ca_file: Option<&std::path::Path>) -> TransportConfig {
        let port = self.listener.local_addr().unwrap().port();
        let TransportConfig::Smtp(config) = smtp_config(port, self.security) else {
            unreachable!("it is for SMTP");
        };
        TransportConfig::Smtp(SmtpConfig {
            ca_file: ca_file.map(Into::into),
            ..config
        })
    }

    fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.certified.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certified.cert.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// One session.
    async fn serve(self) -> Heard {
        let acceptor = self.acceptor();
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut open = String::new();
        if self.security == SmtpSecurity::StartTls {
            open = until_starttls(&mut stream).await;
        }
        let Ok(stream) = acceptor.accept(stream).await else {
            let protected = None;
            return Heard { open, protected };
        };
        let protected = Some(match self.security {
            SmtpSecurity::StartTls => smtp_listen(stream, OFFER).await,
            _ => smtp_session(stream, OFFER).await,
        });
        Heard { open, protected }
    }
}

/// Listens in the open until the client asks for TLS.
async fn until_starttls(stream: &mut TcpStream) -> String {
    let mut stream = BufReader::new(stream);
    let mut heard = String::new();
    stream
        .write_all(b"220 sink.example ESMTP\r\n")
        .await
        .unwrap();
    while stream.read_line(&mut heard).await.unwrap() > 0 {
        let answer: &[u8] = match heard.lines().last() {
            Some("STARTTLS") => b"220 2.0.0 go on\r\n",
            _ => b"250-sink.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n",
        };
        stream.write_all(answer).await.unwrap();
        if heard.ends_with("STARTTLS\r\n") {
            break;
        }
    }
    heard
}

fn says_nothing(open: &str) {
    for word in ["AUTH", "MAIL", "AGJlcnRoAHNlY3JldA", "secret"] {
        assert!(!open.contains(word), "{word} in the open: {open}");
    }
}

#[tokio::test]
async fn a_server_of_the_ca_file_gets_the_mail_and_the_password_only_over_tls() {
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        let server = Server::new(security).await;
        let ca_file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(ca_file.path(), server.certified.cert.pem()).unwrap();
        let mailer = mailer(&server.config(Some(ca_file.path())));
        let serving = tokio::spawn(server.serve());
        mailer.send(&notice(bodies().remove(0))).await.unwrap();
        let heard = serving.await.unwrap();
        says_nothing(&heard.open);
        let protected = heard.protected.unwrap();
        for line in [
            "AUTH PLAIN AGJlcnRoAHNlY3JldA==\n",
            "RCPT TO:<anna@example.net>\n",
            "Subject: Our rooms is ready\n",
        ] {
            assert!(protected.contains(line), "{security:?}: {protected}");
        }
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_hears_nothing() {
    let stranger = Server::new(SmtpSecurity::Tls).await;
    let other_ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other_ca.path(), stranger.certified.cert.pem()).unwrap();
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        for ca_file in [None, Some(other_ca.path())] {
            let server = Server::new(security).await;
            let mailer = mailer(&server.config(ca_file));
            let serving = tokio::spawn(server.serve());
            let sent = mailer.send(&notice(purged())).await;
            assert!(!sent.unwrap_err().is_final);
            let heard = serving.await.unwrap();
            says_nothing(&heard.open);
            let protected = heard.protected.unwrap_or_default();
            assert_eq!(protected, "", "{security:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_speaks_plainly_where_tls_is_wanted_hears_nothing() {
    let server = Server::new(SmtpSecurity::Tls).await;
    let mailer = mailer(&server.config(None));
    let serving = tokio::spawn(async move {
        let (stream, _) = server.listener.accept().await.unwrap();
        smtp_session(stream, OFFER).await
    });
    let sent = mailer.send(&notice(purged())).await;
    assert!(!sent.unwrap_err().is_final);
    says_nothing(&serving.await.unwrap());
}
