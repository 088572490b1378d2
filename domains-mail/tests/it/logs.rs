//! What is logged holds no code, whatever becomes of a notice.

use berth_model::NoticeBody;
use berth_store::testing::logs;

use crate::{
    server::{Server, Verdict},
    world::{CODE, World, mailer, reset},
};

/// What other tests of this binary log meanwhile is looked at too.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_in_no_log() {
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
    let logged = logs::text();
    for told in [
        "a notice was not sent",
        "no mail is set up",
        "notice attempted",
        "PASSWORD_RESET",
    ] {
        assert!(logged.contains(told), "{told} is not in the log");
    }
    for secret in [CODE, "482=20913", "482913", "dora@"] {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}
