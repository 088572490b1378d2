//! The calls of `policy.rs` that are about people: invitations and support grants.

use berth_model::{
    InvitationCreate, InvitationId, MemberCreate, PageRequest, Result, Role, SupportGrantCreate,
    SupportGrantId, TenantId,
};
use berth_store::Cx;
use uuid::Uuid;

use crate::{
    policy_call::some,
    world::{World, staff},
};

pub const PAGES: &str = "https://api.provider.example";

fn invitation_input(tenant_id: TenantId, email: &str) -> InvitationCreate {
    InvitationCreate {
        tenant_id,
        email: email.parse().unwrap(),
        role: Role::Viewer,
    }
}

fn grant_input(tenant_id: TenantId) -> SupportGrantCreate {
    SupportGrantCreate {
        tenant_id,
        role: Role::Support,
        reason: "Ticket 7".to_owned(),
        minutes: 60,
    }
}

/// An invitation and a support grant of the world's tenant.
pub async fn owned(world: &World) -> (Uuid, Uuid) {
    let (store, tenant) = (world.store(), world.tenant.id);
    let input = invitation_input(tenant, "emil@mail.example");
    let invitation = store.invitation_create(&world.platform, input, PAGES);
    let invitation = invitation.await.unwrap().id;
    let cx = staff(world, Role::PlatformSupport).await;
    let grant = store.support_grant_create(&cx, grant_input(tenant)).await;
    (invitation.0, grant.unwrap().0.id.0)
}

pub async fn invitation_call(world: &World, id: InvitationId, cx: &Cx, name: &str) -> Result<()> {
    let (store, tenant) = (world.store(), world.tenant.id);
    match name {
        "invitation_by_ids" => some(store.invitation_by_ids(cx, &[id]).await?),
        "invitation_create" => {
            let input = invitation_input(tenant, "dora@mail.example");
            store.invitation_create(cx, input, PAGES).await.map(drop)
        }
        // One of its own, since one that is taken back is gone; where the caller may make none, the
        // one that is there.
        "invitation_delete" => {
            let input = invitation_input(tenant, "once@mail.example");
            let made = store.invitation_create(cx, input, PAGES).await;
            let id = made.map_or(id, |made| made.id);
            store.invitation_delete(cx, id).await.map(drop)
        }
        "invitation_get" => store.invitation_get(cx, id).await.map(drop),
        "invitation_list" => {
            let page = PageRequest::first(10);
            some(store.invitation_list(cx, page, tenant).await?.items)
        }
        other => panic!("{other} is listed and not called"),
    }
}

pub async fn support_grant_call(
    world: &World,
    id: SupportGrantId,
    cx: &Cx,
    name: &str,
) -> Result<()> {
    let (store, tenant) = (world.store(), world.tenant.id);
    match name {
        "support_grant_by_ids" => some(store.support_grant_by_ids(cx, &[id]).await?),
        "support_grant_end" => store.support_grant_end(cx, id).await.map(drop),
        "support_grant_get" => store.support_grant_get(cx, id).await.map(drop),
        "support_grant_list" => {
            let page = PageRequest::first(10);
            some(store.support_grant_list(cx, page, tenant).await?.items)
        }
        other => panic!("{other} is listed and not called"),
    }
}

/// As a person would: a program alone may not, whatever its role.
pub async fn support_grant_create(world: &World, cx: &Cx) -> Result<()> {
    let person = staff(world, Role::PlatformSupport).await.actor;
    let mut cx = cx.clone();
    cx.actor.account_id = person.account_id;
    cx.actor.client_id = person.client_id;
    let made = world
        .store()
        .support_grant_create(&cx, grant_input(world.tenant.id));
    made.await.map(drop)
}

/// Adds a person of the platform tenant; the same one again if they are there.
pub async fn staff_account(world: &World, role: Role) -> berth_model::AccountId {
    let name = role.to_string().to_lowercase();
    let input = MemberCreate {
        tenant_id: TenantId::PLATFORM,
        name: name.clone(),
        email: format!("{name}@provider.example").parse().unwrap(),
        role,
    };
    let made = world.store().member_create(&world.platform, input).await;
    if let Ok(member) = made {
        return member.account.id;
    }
    let query =
        format!("SELECT id::text AS line FROM accounts WHERE email = '{name}@provider.example'");
    world.text(&query).await.parse::<Uuid>().unwrap().into()
}
