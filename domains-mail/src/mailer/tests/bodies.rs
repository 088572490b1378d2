//! One body of each kind.

use berth_model::{DeploymentEvent, DeploymentNotice, NoticeBody, NoticeKind, Role, Timestamp};

pub(super) fn at() -> Timestamp {
    "2026-12-01T09:05:00Z".parse().unwrap()
}

fn deployment(event: DeploymentEvent) -> NoticeBody {
    NoticeBody::Deployment(DeploymentNotice {
        operation_id: "opr_0199f00000007000800000000000002a".parse().unwrap(),
        deployment: "Our rooms".to_owned(),
        domain_name: "rooms.example.org".parse().unwrap(),
        application: "Matrix".to_owned(),
        event,
    })
}

pub(super) fn purged() -> NoticeBody {
    deployment(DeploymentEvent::Purged)
}

pub(super) fn reset() -> NoticeBody {
    NoticeBody::PasswordReset {
        code: "482 913".to_owned(),
    }
}

/// In the order of the kinds.
pub(super) fn bodies() -> Vec<NoticeBody> {
    let text = |text: &str| text.to_owned();
    let (code, tenant) = (|| text("482 913"), || text("Village club"));
    let bodies = vec![
        deployment(DeploymentEvent::Running {
            administrator_username: text("admin"),
        }),
        deployment(DeploymentEvent::Degraded {
            reason: text("It did not get healthy in 300 s."),
        }),
        deployment(DeploymentEvent::Refused {
            reason: text("No machine has room for it now."),
        }),
        deployment(DeploymentEvent::Deleted { retain_until: at() }),
        purged(),
        NoticeBody::EmailVerify { code: code() },
        NoticeBody::SignUpKnown,
        reset(),
        NoticeBody::PasswordChanged {
            from: text("192.0.2.7"),
            at: at(),
        },
        NoticeBody::EmailChange { code: code() },
        NoticeBody::EmailChanged {
            new_email_hint: text("b…@example.org"),
        },
        NoticeBody::RecoveryAddressVerify { code: code() },
        NoticeBody::RecoveryAddressChanged,
        NoticeBody::SecondFactorOn,
        NoticeBody::SecondFactorOff,
        NoticeBody::RecoveryCodeUsed { left: 7 },
        NoticeBody::RecoveryCodesNew,
        NoticeBody::SignedInElsewhere {
            from: text("192.0.2.7"),
            browser: text("Firefox, Linux"),
            at: at(),
        },
        NoticeBody::IdentityLink { code: code() },
        NoticeBody::IdentityLinked {
            provider: text("Keycloak"),
        },
        NoticeBody::IdentityUnlinked {
            provider: text("Keycloak"),
        },
        NoticeBody::Invitation {
            tenant: tenant(),
            inviter: text("Ben"),
            code: code(),
            url: text("https://shop.example/join"),
        },
        NoticeBody::MemberRemoved { tenant: tenant() },
        NoticeBody::RoleChanged {
            tenant: tenant(),
            role: Role::Billing,
        },
        NoticeBody::SupportGrantOpened {
            tenant: tenant(),
            reason: text("You asked us to look at the slow pages."),
            until: at(),
        },
    ];
    let kinds: Vec<NoticeKind> = bodies.iter().map(NoticeBody::kind).collect();
    assert_eq!(kinds, NoticeKind::ALL);
    bodies
}
