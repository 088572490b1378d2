//! Invitations: who is asked, by a code in a mail, and what comes of it.

use berth_model::{
    Actor, AuditFilter, Caller, ErrorCode, InvitationCreate, Member, MemberCreate, NoticeBody,
    PageRequest, Realm, Role, Session, TenantId,
};
use berth_store::Cx;
use chrono::TimeDelta;

use crate::{
    people_call::PAGES,
    world::{World, with_key},
};

fn input(world: &World, email: &str, role: Role) -> InvitationCreate {
    InvitationCreate {
        tenant_id: world.tenant.id,
        email: email.parse().unwrap(),
        role,
    }
}

/// Somebody of the storefront's realm who is signed in.
async fn session(world: &World, email: &str) -> Session {
    let account = world.tenant.realm().uuid();
    let id = world.database.ids.uuid();
    let sql = format!(
        "INSERT INTO accounts (id, storefront_id, email, name, created_at)
         VALUES ('{id}', '{account}', '{email}', 'Emil', now())"
    );
    world.database.sql(&sql).await;
    session_of(world, id, world.tenant.realm(), email).await
}

async fn session_of(world: &World, id: uuid::Uuid, realm: Realm, email: &str) -> Session {
    let now = world.store_now();
    Session {
        id: world.database.ids.uuid(),
        account: berth_model::Account {
            id: id.into(),
            realm,
            email: email.parse().unwrap(),
            name: "Emil".to_owned(),
            locale: None,
            created_at: now,
        },
        remote: Some("192.0.2.7".to_owned()),
        user_agent: None,
        created_at: now,
        seen_at: now,
    }
}

/// A member of the world's tenant who may only look.
async fn carla(world: &World) -> Member {
    let carla = MemberCreate {
        tenant_id: world.tenant.id,
        name: "Carla".to_owned(),
        email: "carla@mail.example".parse().unwrap(),
        role: Role::Viewer,
    };
    let made = world.store().member_create(&world.shop, carla).await;
    made.unwrap()
}

/// The code of the newest mail to an address.
async fn code(world: &World, email: &str) -> String {
    let mut mails = world.told().await.into_iter().rev();
    let newest = mails.find_map(|notice| match notice.body {
        NoticeBody::Invitation { code, url, .. } if notice.recipient.email.as_str() == email => {
            assert!(url.starts_with(PAGES) && url.ends_with("/account"), "{url}");
            Some(code)
        }
        _ => None,
    });
    newest.unwrap_or_else(|| panic!("no mail to {email}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_code_becomes_a_member_once() {
    let world = World::new().await;
    let (store, owner) = (
        world.store(),
        world.member(&world.tenant, Role::Owner).await,
    );
    let asked = input(&world, "emil@mail.example", Role::Admin);
    let made = store.invitation_create(&owner, asked, PAGES).await.unwrap();
    let code = code(&world, "emil@mail.example").await;
    // Another address of the same person: the code is what counts.
    let emil = session(&world, "emil@elsewhere.example").await;
    let typed = code.to_uppercase().replace('-', " ");
    let invited = store.invitation_find(&emil, &typed).await.unwrap();
    assert_eq!(
        (invited.invitation, invited.tenant),
        (made, world.tenant.clone())
    );
    let (one, two) = tokio::join!(
        store.invitation_accept(&emil, &code),
        store.invitation_accept(&emil, &code),
    );
    let (good, bad): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1, 1));
    let member = good.into_iter().next().unwrap().unwrap();
    let member = store.member_get(&owner, member).await.unwrap();
    assert_eq!(
        (member.account.id, member.role),
        (emil.account.id, Role::Admin)
    );
    let page = PageRequest::first(100);
    let filter = AuditFilter {
        action: Some("invitationAccept".to_owned()),
        ..AuditFilter::default()
    };
    let log = store
        .audit_entry_list(&owner, page, world.tenant.id, &filter)
        .await;
    let log = log.unwrap().items;
    assert_eq!(log.len(), 1);
    assert!(
        log[0].actor.starts_with(&emil.account.id.to_string()),
        "{}",
        log[0].actor
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_its_realm_and_its_time_alone() {
    let world = World::new().await;
    let store = world.store();
    let asked = input(&world, "emil@mail.example", Role::Viewer);
    let made = store
        .invitation_create(&world.shop, asked, PAGES)
        .await
        .unwrap();
    let code = code(&world, "emil@mail.example").await;
    let other = Session {
        account: berth_model::Account {
            realm: world.other_tenant.realm(),
            ..session(&world, "o@mail.example").await.account
        },
        ..session(&world, "p@mail.example").await
    };
    let emil = session(&world, "emil@mail.example").await;
    let wrong = [
        store.invitation_find(&other, &code).await,
        store.invitation_find(&emil, "0000-0000-0000-0000").await,
        store.invitation_find(&emil, "").await,
    ];
    for found in wrong {
        assert_eq!(found.unwrap_err().code(), ErrorCode::WrongCode);
    }
    world
        .database
        .clock
        .advance(made.expires_at - made.created_at);
    let late = store.invitation_accept(&emil, &code).await.unwrap_err();
    assert_eq!(late.code(), ErrorCode::WrongCode);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_again_has_the_newest_code_alone() {
    let world = World::new().await;
    let (store, owner) = (
        world.store(),
        world.member(&world.tenant, Role::Owner).await,
    );
    let asked = |email: &str| input(&world, email, Role::Viewer);
    let (one, same) = (asked("emil@mail.example"), asked("Emil@mail.example"));
    let first = with_key(&owner, "one");
    let made = store
        .invitation_create(&first, one.clone(), PAGES)
        .await
        .unwrap();
    let replayed = store.invitation_create(&first, one, PAGES).await.unwrap();
    assert_eq!(made, replayed);
    let old = code(&world, "emil@mail.example").await;
    world.database.clock.advance(TimeDelta::minutes(1));
    let newer = store.invitation_create(&owner, same, PAGES).await.unwrap();
    let emil = session(&world, "emil@mail.example").await;
    let error = store.invitation_accept(&emil, &old).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongCode);
    let page = PageRequest::first(10);
    let open = store
        .invitation_list(&owner, page, world.tenant.id)
        .await
        .unwrap();
    assert_eq!(open.items, [newer]);
    let new = code(&world, "Emil@mail.example").await;
    store.invitation_decline(&emil, &new).await.unwrap();
    let open = store
        .invitation_list(&owner, page, world.tenant.id)
        .await
        .unwrap();
    assert!(open.items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn members_and_roles_of_others_are_not_invited() {
    let world = World::new().await;
    let (store, owner) = (
        world.store(),
        world.member(&world.tenant, Role::Owner).await,
    );
    let page = PageRequest::first(1);
    let first = store
        .member_list(&owner, page, world.tenant.id)
        .await
        .unwrap();
    let email = first.items[0].account.email.to_string().to_uppercase();
    let again = input(&world, &email, Role::Viewer);
    let error = store
        .invitation_create(&owner, again, PAGES)
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.field()),
        (ErrorCode::AlreadyExists, Some("email"))
    );
    let provider = input(&world, "emil@mail.example", Role::PlatformAdmin);
    let error = store
        .invitation_create(&world.platform, provider, PAGES)
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.field()),
        (ErrorCode::InvalidInput, Some("role"))
    );
    let platform = InvitationCreate {
        tenant_id: TenantId::PLATFORM,
        ..input(&world, "emil@mail.example", Role::PlatformAdmin)
    };
    let error = store
        .invitation_create(&owner, platform, PAGES)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_mailboxes_are_not_flooded() {
    let world = World::new().await;
    let (store, owner) = (
        world.store(),
        world.member(&world.tenant, Role::Owner).await,
    );
    let mut last = Ok(());
    let mut sent = 0;
    for number in 0..200 {
        let asked = input(&world, &format!("n{number}@mail.example"), Role::Viewer);
        let made = store.invitation_create(&owner, asked, PAGES).await;
        match made {
            Ok(made) => {
                sent += 1;
                if sent % 2 == 0 {
                    store.invitation_delete(&owner, made.id).await.unwrap();
                }
            }
            Err(error) => {
                last = Err(error);
                break;
            }
        }
    }
    let error = last.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LimitExceeded);
    assert!(sent <= 101, "{sent} were sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_leaves_by_itself_and_is_not_written_to() {
    let world = World::new().await;
    let store = world.store();
    let carla = carla(&world).await;
    let realm = world.tenant.realm();
    let session = session_of(&world, carla.account.id.0, realm, "carla@mail.example").await;
    let page = PageRequest::first(10);
    let members = store
        .member_list(&world.shop, page, world.tenant.id)
        .await
        .unwrap();
    let owner = &members.items[0];
    let error = store.membership_end(&session, owner.id).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    // Nor by a token: hers opens her own membership and nobody else's.
    let mut cx = Cx::new(Actor::new(Caller::Tenant(world.tenant.id, Role::Viewer)));
    cx.actor.account_id = Some(carla.account.id);
    let error = store.member_delete(&cx, owner.id).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Forbidden);
    store.membership_end(&session, carla.id).await.unwrap();
    let told = world.told().await;
    assert!(told.is_empty(), "{told:?}");
    let owner_session = session_of(
        &world,
        owner.account.id.0,
        realm,
        owner.account.email.as_str(),
    )
    .await;
    let error = store
        .membership_end(&owner_session, owner.id)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_role_changes_or_who_is_removed_is_told() {
    let world = World::new().await;
    let (store, owner) = (
        world.store(),
        world.member(&world.tenant, Role::Owner).await,
    );
    let carla = carla(&world).await;
    for role in [Role::Viewer, Role::Support] {
        store.member_update(&owner, carla.id, role).await.unwrap();
    }
    store.member_delete(&owner, carla.id).await.unwrap();
    let told = world.told().await;
    let bodies: Vec<_> = told.into_iter().map(|notice| notice.body).collect();
    let tenant = || world.tenant.name.clone();
    let role = Role::Support;
    let wanted = [
        NoticeBody::RoleChanged {
            tenant: tenant(),
            role,
        },
        NoticeBody::MemberRemoved { tenant: tenant() },
    ];
    assert!(bodies == wanted, "{bodies:?}");
}
