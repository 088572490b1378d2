//! What a tenant's people are told.

use berth_model::{EmailAddress, NoticeBody, Result, Role, StorefrontId, TenantId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::NewNotice;
use crate::{
    Store,
    error::internal,
    schema::{accounts, members, tenants},
    tx::Tx,
};

/// Name, address, language if it is known, and the tenant's storefront.
type Reader = (String, String, Option<String>, Option<Uuid>);

impl Store {
    /// Writes a notice to each member of a tenant who has one of these roles. With a `dedupe_key` each is
    /// told once under it.
    pub(crate) async fn members_tell(
        &self,
        tx: &mut Tx,
        (tenant_id, roles): (TenantId, &[Role]),
        body: &NoticeBody,
        dedupe_key: Option<&str>,
    ) -> Result<()> {
        let readers: Vec<Reader> = members::table
            .inner_join(accounts::table)
            .inner_join(tenants::table)
            .filter(members::tenant_id.eq(tenant_id.0))
            .filter(members::role.eq_any(roles.iter().map(|role| role.as_str())))
            .order(members::id)
            .select((
                accounts::name,
                accounts::email,
                accounts::locale,
                tenants::storefront_id,
            ))
            .load(&mut **tx)
            .await
            .map_err(internal)?;
        for (name, email, locale, storefront_id) in readers {
            let Ok(email) = email.parse::<EmailAddress>() else {
                // That somebody can't be told must not keep what they are told of from being written.
                let kind = body.kind();
                tracing::error!(tenant = %tenant_id, %kind, "an account has no address that can be written to");
                continue;
            };
            let notice = NewNotice {
                tenant_id,
                storefront_id: storefront_id.map(StorefrontId),
                name: &name,
                email: &email,
                locale: locale.as_deref().map(str::parse).transpose()?,
                body,
                dedupe_key: dedupe_key.map(|key| format!("{key}/{}", email.as_str())),
            };
            self.notice_write(tx, notice).await?;
        }
        Ok(())
    }
}
