//! Visitors of a storefront: whoever its browser code acts for before anybody has signed in.

use berth_model::{
    Actor, Caller, Error, ErrorCode, Result, Storefront, StorefrontId, policy, policy::Action,
};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, audit::own_tenant, client::keep_check, error::internal, idempotency::Begun,
    schema::storefronts, storefront::StorefrontRow, storefront_change, token::token_text, tx::Tx,
};

/// What public tokens begin with.
pub const PUBLIC_TOKEN: &str = "bp_";

/// Of the storefront that has this token at this time.
macro_rules! has_token {
    ($token:expr, $now:expr) => {
        storefronts::public_token
            .eq($token)
            .or(storefronts::previous_public_token
                .eq($token)
                .and(storefronts::previous_public_token_until.gt($now)))
    };
}

impl Store {
    /// Who comes with a public token. `UNAUTHENTICATED` if no storefront has it, or not any more.
    pub(crate) async fn visitor_actor(&self, public_token: &str) -> Result<Actor> {
        let found = storefronts::table
            .filter(has_token!(public_token, self.clock.now()))
            .select(storefronts::id);
        let found: Option<Uuid> = self.auth_row(found).await?;
        let id = found.ok_or_else(|| {
            Error::new(
                ErrorCode::Unauthenticated,
                "No storefront has this public token, or not any more. Load the shop's page again.",
            )
        })?;
        let caller = Caller::Visitor(id.into());
        Ok(Actor {
            scopes: policy::scopes(&caller),
            ..Actor::new(caller)
        })
    }

    /// Whether browser code of this origin may read answers: of the storefront that has this public
    /// token, or without one of any.
    pub async fn storefront_has_origin(
        &self,
        origin: &str,
        public_token: Option<&str>,
    ) -> Result<bool> {
        let known = storefronts::table
            .filter(storefronts::cors_origins.contains(vec![origin]))
            .select(storefronts::id)
            .limit(1);
        let known: Option<Uuid> = match public_token {
            Some(token) => {
                let known = known.filter(has_token!(token, self.clock.now()));
                self.auth_row(known).await?
            }
            None => self.auth_row(known).await?,
        };
        Ok(known.is_some())
    }

    /// Gives a storefront a new public token. The one before is taken for `keep` longer (at most 7
    /// days), so that pages can be changed over; an older one is not taken any more.
    pub async fn storefront_public_token_rotate(
        &self,
        cx: &Cx,
        id: StorefrontId,
        keep: TimeDelta,
    ) -> Result<Storefront> {
        policy::check(&cx.actor, Action::StorefrontWrite)?;
        keep_check(keep)?;
        let mut tx = self.begin(cx).await?;
        let rotated = self.public_token_rotate_in(&mut tx, cx, id, keep).await;
        tx.end(rotated).await
    }

    async fn public_token_rotate_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: StorefrontId,
        keep: TimeDelta,
    ) -> Result<Storefront> {
        const NAME: &str = "storefrontPublicTokenRotate";
        let owner = own_tenant(cx);
        storefront_change::lock(tx, id).await?;
        let input = (id, keep.num_seconds());
        let begun: Begun<StorefrontId> =
            self.idempotency_begin(tx, cx, owner, NAME, &input).await?;
        if let Begun::Fresh = begun {
            let before = StorefrontRow::read(tx, id).await?.public_token;
            let until = before.as_ref().map(|_| self.clock.now() + keep);
            diesel::update(storefronts::table.find(id.0))
                .set((
                    storefronts::previous_public_token.eq(before),
                    storefronts::previous_public_token_until.eq(until),
                    storefronts::public_token.eq(self.public_token()),
                ))
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
            self.mutation_end(tx, cx, owner, NAME, &id, id).await?;
        }
        StorefrontRow::read(tx, id).await
    }

    /// A new one: 256 random bits, so that nobody meets another storefront's by guessing.
    pub(crate) fn public_token(&self) -> String {
        token_text(PUBLIC_TOKEN, self.ids.bytes())
    }
}
