//! `berth invitation`

use berth_model::{GlobalId, InvitationCreate, TenantId};

use crate::{
    cli,
    config::Config,
    failure::Failure,
    output,
    process::parts::{Parts, audited},
};

pub(super) async fn create(
    config: &Config,
    arguments: cli::InvitationCreate,
) -> Result<(), Failure> {
    let parts = Parts::new(config)?;
    let tenant_id = match arguments.tenant {
        Some(id) => id.parse()?,
        None => TenantId::PLATFORM,
    };
    let input = InvitationCreate {
        tenant_id,
        email: arguments.email.parse()?,
        role: arguments.role.parse()?,
    };
    let (store, public_url) = (&parts.store, config.api.url());
    let subject = Some(GlobalId::of(tenant_id));
    let made = audited(store, "invitationCreate", subject, async |cx| {
        store.invitation_create(cx, input, &public_url).await
    });
    let made = made.await?;
    output::line(format!(
        "a code is on its way to {}; it is good until {}",
        made.email,
        made.expires_at.format("%Y-%m-%d %H:%M UTC")
    ));
    Ok(())
}
