//! Who people are: accounts, how they sign in, and what they let clients do.
//!
//! What proves who somebody is lies behind a role of its own, and in it behind one realm
//! ([`Scope::Login`]): no token opens it, the provider's included. Passwords are argon2id; all else
//! that proves something is random, and so a plain hash of it is kept.
//!
//! Nobody learns here whether there is an account: an unknown address takes the same way and the
//! same work as a known one.

mod authenticator;
mod challenge;
mod consent;
mod email;
mod grant;
mod housekeeping;
mod invitation;
mod link;
mod log;
mod notice;
mod password;
mod place;
mod profile;
mod reset;
mod session;
mod sign_in;
mod sign_up;
mod trip;

use berth_model::{Realm, Result, Scope};
use tokio::sync::SemaphorePermit;

use crate::{Cx, Store, tx::Tx};

pub(crate) use grant::grant_end;
pub(crate) use housekeeping::expired_remove;
pub(crate) use invitation::{invitation_code, invitation_hash};
pub(crate) use password::Passwords;

pub use grant::IssuedTokens;

impl Store {
    /// A transaction of a realm's pages, and a turn to be kept as long as it: strangers can ask for
    /// these pages, and must not take every connection.
    async fn begin_login(&self, realm: Realm) -> Result<(SemaphorePermit<'_>, Tx)> {
        let turn = self.auth_turn().await?;
        let tx = self
            .begin_scope(Scope::Login(realm), &Cx::worker("login"))
            .await?;
        Ok((turn, tx))
    }
}
