//! What is logged holds no code, whatever becomes of a notice.

use std::{
    io,
    sync::{Arc, Mutex},
};

use berth_model::NoticeBody;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    server::{Server, Verdict},
    world::{CODE, World, mailer, reset},
};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What other tests of this binary log meanwhile is looked at too.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_in_no_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::new().await;
    let server = Server::new(|to| match to.split('@').next() {
        Some("nobody") => Verdict::Refuse("550 5.1.1 unknown"),
        Some("later") => Verdict::Refuse("451 4.3.0 not now"),
        _ => Verdict::Take,
    })
    .await;
    let invitation = NoticeBody::Invitation {
        tenant: "Village club".to_owned(),
        inviter: "Ben".to_owned(),
        code: CODE.to_owned(),
        url: "https://shop.example/join".to_owned(),
    };
    for name in ["nobody", "later", "anna"] {
        world.write(&format!("{name}@example.org"), &reset()).await;
    }
    world.write("carla@example.org", &invitation).await;
    let working = world.start(Some(mailer(&server)), 4);
    let rest = ["anna SENT", "carla SENT"];
    let outcomes = ["nobody FAILED", "later QUEUED sealed"];
    world.until(&[&outcomes[..], &rest[..]].concat()).await;
    working.stopped().await;
    world.write("dora@example.org", &reset()).await;
    let discarding = world.start(None, 4);
    let all = [&outcomes[..], &rest[..], &["dora DISCARDED"]].concat();
    world.until(&all).await;
    discarding.stopped().await;
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for told in [
        "a notice was not sent",
        "no mail is set up",
        "notice attempted",
        "PASSWORD_RESET",
    ] {
        assert!(logged.contains(told), "{told} is not in {logged}");
    }
    for secret in [CODE, "482=20913", "482913", "dora@"] {
        assert!(!logged.contains(secret), "{secret} is in {logged}");
    }
}
