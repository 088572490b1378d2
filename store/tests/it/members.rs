//! Members and their roles: a tenant is never without an owner.

use berth_model::{AuditFilter, ErrorCode, Member, MemberCreate, PageRequest, Role};
use berth_store::Cx;

use crate::world::{World, with_key};

async fn members(world: &World) -> Vec<Member> {
    let page = PageRequest::first(10);
    let store = world.store();
    let found = store
        .member_list(&world.platform, page, world.tenant.id)
        .await;
    found.unwrap().items
}

async fn join(world: &World, cx: &Cx, name: &str, role: Role) -> Member {
    let input = MemberCreate {
        tenant_id: world.tenant.id,
        name: name.to_owned(),
        email: format!("{name}@example.org").parse().unwrap(),
        role,
    };
    world.store().member_create(cx, input).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_can_neither_leave_nor_step_down() {
    let world = World::new().await;
    let store = world.store();
    let owner = world.member(&world.tenant, Role::Owner).await;
    let first = members(&world).await.remove(0);
    join(&world, &world.shop, "admin", Role::Admin).await;
    let refused = [
        store.member_delete(&owner, first.id).await.unwrap_err(),
        store
            .member_update(&owner, first.id, Role::Admin)
            .await
            .unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.code(), ErrorCode::WrongState);
    }
    assert_eq!(members(&world).await[0].role, Role::Owner);
    store
        .member_update(&owner, first.id, Role::Owner)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_handed_over() {
    let world = World::new().await;
    let store = world.store();
    let owner = world.member(&world.tenant, Role::Owner).await;
    let first = members(&world).await.remove(0);
    let heir = join(&world, &world.shop, "heir", Role::Viewer).await;
    let heir = store
        .member_update(&owner, heir.id, Role::Owner)
        .await
        .unwrap();
    assert_eq!(heir.role, Role::Owner);
    let cx = with_key(&owner, "leave");
    for _ in 0..2 {
        let gone = store.member_delete(&cx, first.id).await.unwrap();
        assert_eq!(gone, first.id);
    }
    assert_eq!(members(&world).await, [heir]);
    let unknown = store.member_delete(&owner, first.id).await.unwrap_err();
    assert_eq!(unknown.code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_who_remove_each_other_at_once_leave_one() {
    let world = World::new().await;
    let store = world.store();
    for round in 0..10 {
        let owner = members(&world).await.remove(0);
        let other = join(&world, &world.platform, &format!("n{round}"), Role::Owner).await;
        let (one, two) = tokio::join!(
            store.member_delete(&world.platform, owner.id),
            store.member_update(&world.platform, other.id, Role::Viewer),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let left = members(&world).await;
        let owners: Vec<_> = left
            .iter()
            .filter(|left| left.role == Role::Owner)
            .collect();
        assert_eq!(owners.len(), 1, "round {round}");
        for member in left.iter().filter(|left| left.role != Role::Owner) {
            let gone = store.member_delete(&world.platform, member.id);
            gone.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_members_is_in_the_tenants_audit_log() {
    let world = World::new().await;
    let owner = world.member(&world.tenant, Role::Owner).await;
    let made = join(&world, &world.shop, "berta", Role::Viewer).await;
    let store = world.store();
    store
        .member_update(&owner, made.id, Role::Billing)
        .await
        .unwrap();
    store.member_delete(&owner, made.id).await.unwrap();
    let page = PageRequest::first(100);
    let log = store
        .audit_entry_list(&owner, page, world.tenant.id, &AuditFilter::default())
        .await;
    let subject = made.id.to_string();
    let actions: Vec<String> = log
        .unwrap()
        .items
        .into_iter()
        .filter(|entry| entry.subject.as_deref() == Some(&subject))
        .map(|entry| entry.action)
        .collect();
    assert_eq!(actions, ["memberCreate", "memberUpdate", "memberDelete"]);
}
