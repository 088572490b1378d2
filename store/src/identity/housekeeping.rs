//! What time ends: sessions, challenges, codes and refresh tokens. Run by a worker.

use berth_model::{Result, Timestamp};
use chrono::TimeDelta;
use diesel::{dsl::exists, prelude::*};
use diesel_async::RunQueryDsl;

use super::session::IDLE_DAYS;
use crate::{
    error::internal,
    schema::{
        challenges, grants, identity_trips, invitations, known_browsers, refresh_tokens, sessions,
    },
    tx::Tx,
};

/// How long a browser is known without being used.
const BROWSER_DAYS: i64 = 400;

/// Removes what is over. How many rows.
pub(crate) async fn expired_remove(tx: &mut Tx, now: Timestamp) -> Result<usize> {
    let idle = now - TimeDelta::days(IDLE_DAYS);
    let gone = [
        diesel::delete(challenges::table)
            .filter(challenges::expires_at.le(now))
            .execute(&mut **tx)
            .await,
        diesel::delete(identity_trips::table)
            .filter(identity_trips::expires_at.le(now))
            .execute(&mut **tx)
            .await,
        diesel::delete(sessions::table)
            .filter(sessions::expires_at.le(now).or(sessions::seen_at.le(idle)))
            .execute(&mut **tx)
            .await,
        diesel::delete(known_browsers::table)
            .filter(known_browsers::used_at.le(now - TimeDelta::days(BROWSER_DAYS)))
            .execute(&mut **tx)
            .await,
        diesel::delete(invitations::table)
            .filter(invitations::expires_at.le(now))
            .execute(&mut **tx)
            .await,
        // A code that nobody redeemed.
        diesel::delete(grants::table)
            .filter(grants::redeemed_at.is_null())
            .filter(grants::code_expires_at.le(now))
            .execute(&mut **tx)
            .await,
        // The newest refresh token of a grant lives longest: those before it are kept as long, so that
        // one that comes again is known.
        diesel::delete(grants::table)
            .filter(grants::redeemed_at.is_not_null())
            .filter(diesel::dsl::not(exists(
                refresh_tokens::table
                    .filter(refresh_tokens::grant_id.eq(grants::id))
                    .filter(refresh_tokens::expires_at.gt(now)),
            )))
            .execute(&mut **tx)
            .await,
    ];
    gone.into_iter()
        .try_fold(0, |all, count| Ok(all + count.map_err(internal)?))
}
