//! Deliveries over TLS: to whom an authority vouches for, and to nobody else.

use std::sync::Arc;

use berth_model::{WebhookDeliveryState as State, WebhookEndpoint};
use berth_webhooks::CourierConfig;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::world::{Script, World, development};

/// Who signs certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self {
            certificate: params.self_signed(&key).unwrap(),
            issuer: Issuer::new(params, key),
        }
    }
}

/// A server over TLS, which answers 200 to every request and tells what it heard.
struct Server {
    port: u16,
    heard: mpsc::UnboundedReceiver<String>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// With a certificate for a name, good until a year.
    async fn new(authority: &Authority, name: &str, until: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &authority.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, heard) = mpsc::unbounded_channel();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut bytes = vec![0; 4096];
                let read = stream.read(&mut bytes).await.unwrap_or(0);
                if read > 0 {
                    let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                    sender.send(text).unwrap();
                    let answer =
                        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    let _ = stream.write_all(answer).await;
                }
            }
        });
        Self { port, heard, task }
    }
}

/// What came of the first attempt: the delivery's state, and why it failed.
async fn attempt(
    world: &World,
    server: &Server,
    ca: Option<&Authority>,
) -> (State, Option<String>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    if let Some(ca) = ca {
        std::fs::write(file.path(), ca.certificate.pem()).unwrap();
    }
    let config = CourierConfig {
        ca_file: ca.map(|_| file.path().to_owned()),
        ..development()
    };
    let url = format!("https://shop.example:{}/hook", server.port);
    let (endpoint, _): (WebhookEndpoint, _) =
        world.endpoint(&world.shop, &url, "tenant.created").await;
    let names = Script::new("shop.example", &[&["127.0.0.1"]]);
    let courier = world.start_with(config, names);
    world
        .tenant(&world.shop, &format!("t{}", server.port))
        .await;
    let delivery = world.until_logged(endpoint.id, 1).await;
    let error = world.log(&delivery).await.remove(0).error;
    courier.stopped().await;
    world
        .store
        .webhook_endpoint_delete(&world.shop, endpoint.id)
        .await
        .unwrap();
    (delivery.state, error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_an_authority_vouches_for_is_told() {
    let (world, authority) = (World::new().await, Authority::new());
    let mut server = Server::new(&authority, "shop.example", 2100).await;
    let told = attempt(&world, &server, Some(&authority)).await;
    assert_eq!(told, (State::Delivered, None));
    let heard = server.heard.recv().await.unwrap();
    assert!(heard.starts_with("POST /hook HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("webhook-signature: v1,"), "{heard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_vouches_for_hears_nothing() {
    let (world, authority) = (World::new().await, Authority::new());
    let stranger = Authority::new();
    for (name, until, ca, why) in [
        (
            "other.example",
            2100,
            Some(&authority),
            "not valid for name",
        ),
        ("shop.example", 2020, Some(&authority), "expired"),
        ("shop.example", 2100, Some(&stranger), "certificate"),
        ("shop.example", 2100, None, "UnknownIssuer"),
    ] {
        let mut server = Server::new(&authority, name, until).await;
        let (state, error) = attempt(&world, &server, ca).await;
        let error = error.unwrap();
        assert_eq!(state, State::Pending, "{error}");
        assert!(error.contains(why), "{why}: {error}");
        assert!(server.heard.try_recv().is_err(), "{why}");
    }
}
