//! From the outbox to the mail server, and everything that can go wrong on the way.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use berth_domains_mail::{metrics_describe, notice_gauges_refresh};
use berth_model::NoticeBody;
use chrono::TimeDelta;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::{
    server::{Server, Verdict},
    world::{CODE, World, mailer, reset},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_sent_and_then_erased() {
    let world = World::new().await;
    let mut server = Server::new(|_| Verdict::Take).await;
    let working = world.start(Some(mailer(&server)), 4);
    world.write("anna@example.org", &reset()).await;
    let mail = server.next().await;
    assert_eq!(mail.to, "anna@example.org");
    assert_eq!(mail.header("Subject"), "Set a new password for Harbour");
    assert!(mail.data.contains(CODE));
    world.until(&["anna SENT"]).await;
    working.stopped().await;
    assert!(server.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_sending_and_writing_it_down_the_same_mail_is_sent_again() {
    let world = World::new().await;
    let dies = Arc::new(AtomicBool::new(true));
    let judge = Arc::clone(&dies);
    let mut server = Server::new(move |_| match judge.load(Ordering::SeqCst) {
        true => Verdict::Hang,
        false => Verdict::Take,
    })
    .await;
    world.write("anna@example.org", &reset()).await;
    let killed = world.start_apart(mailer(&server), 4);
    let first = server.next().await;
    killed.shutdown_background();
    assert_eq!(world.states().await, ["anna QUEUED sealed"]);
    dies.store(false, Ordering::SeqCst);
    let working = world.start(Some(mailer(&server)), 4);
    // Not before the dead one's claim ends.
    world.write("ben@example.org", &reset()).await;
    assert_eq!(server.next().await.to, "ben@example.org");
    world.database.clock.advance(TimeDelta::minutes(3));
    let second = server.next().await;
    assert_eq!(second.to, "anna@example.org");
    assert_eq!(second.data, first.data);
    assert_eq!(second.header("Message-ID"), first.header("Message-ID"));
    world.until(&["anna SENT", "ben SENT"]).await;
    working.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_postmen_send_each_notice_once() {
    let world = World::new().await;
    let mut server = Server::new(|_| Verdict::Take).await;
    let working = [
        world.start(Some(mailer(&server)), 3),
        world.start(Some(mailer(&server)), 3),
    ];
    for number in 0..20 {
        let email = format!("u{number}@example.org");
        world.write(&email, &NoticeBody::SecondFactorOn).await;
    }
    let mut reached = Vec::new();
    for _ in 0..20 {
        reached.push(server.next().await.to);
    }
    for one in working {
        one.stopped().await;
    }
    assert!(server.is_quiet());
    reached.sort();
    reached.dedup();
    assert_eq!(reached.len(), 20);
    assert!(
        world
            .states()
            .await
            .iter()
            .all(|state| state.ends_with(" SENT"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_or_slow_keeps_nobody_waiting() {
    let world = World::new().await;
    let mut server = Server::new(|to| match to.split('@').next() {
        Some("nobody") => Verdict::Refuse("550 5.1.1 unknown"),
        Some("later") => Verdict::Refuse("451 4.3.0 not now"),
        Some("slow") => Verdict::Hang,
        _ => Verdict::Take,
    })
    .await;
    for name in ["slow", "nobody", "later", "anna", "ben"] {
        let email = format!("{name}@example.org");
        world.write(&email, &NoticeBody::SecondFactorOn).await;
    }
    // Killed at the end, since one of its two hands would stay in the slow one's.
    let working = world.start_apart(mailer(&server), 2);
    let mut reached = Vec::new();
    for _ in 0..3 {
        reached.push(server.next().await.to);
    }
    reached.sort();
    assert_eq!(
        reached,
        ["anna@example.org", "ben@example.org", "slow@example.org"]
    );
    world
        .until(&[
            "slow QUEUED sealed",
            "nobody FAILED",
            "later QUEUED sealed",
            "anna SENT",
            "ben SENT",
        ])
        .await;
    working.shutdown_background();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_comes_too_late_is_not_sent() {
    let world = World::new().await;
    let mut server = Server::new(|_| Verdict::Take).await;
    world.write("anna@example.org", &reset()).await;
    world.database.clock.advance(TimeDelta::minutes(15));
    let body = NoticeBody::SecondFactorOn;
    world.write("ben@example.org", &body).await;
    let working = world.start(Some(mailer(&server)), 4);
    assert_eq!(server.next().await.to, "ben@example.org");
    world.until(&["anna FAILED", "ben SENT"]).await;
    working.stopped().await;
    assert!(server.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_mail_everything_is_discarded() {
    let world = World::new().await;
    world.write("anna@example.org", &reset()).await;
    let working = world.start(None, 4);
    world.until(&["anna DISCARDED"]).await;
    working.stopped().await;
}

/// Of a kind that no other test of this binary sends.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_and_what_waits_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    metrics_describe();
    let world = World::new().await;
    let body = NoticeBody::RecoveryCodesNew;
    world.write("anna@example.org", &body).await;
    let working = world.start(None, 4);
    world.until(&["anna DISCARDED"]).await;
    working.stopped().await;
    world.write("anna@example.org", &body).await;
    world.database.clock.advance(TimeDelta::milliseconds(2500));
    notice_gauges_refresh(&world.database.store).await.unwrap();
    let text = handle.render();
    for line in [
        "berth_notices_total{kind=\"RECOVERY_CODES_NEW\",outcome=\"DISCARDED\"} 1",
        "berth_notice_queue_depth 1",
        "berth_notice_queue_oldest_seconds 2.5",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}
