//! What a request is charged: the cost that it can have is held when it comes in, and what it
//! didn't need is given back with the answer. So a request that runs is never one too many.

use std::net::IpAddr;

use async_graphql::{Response, Value, value};
use berth_model::{Actor, Bucket, Caller, Error, ErrorCode, message, subscriber};
use sha2::{Digest, Sha256};

use crate::{
    config::Limits,
    error::Refusal,
    limits::{BucketKey, Buckets, Cost},
};

/// A cost that is held.
pub(crate) struct Charge {
    cost: Cost,
    from: Vec<(BucketKey, Bucket)>,
    /// For the answer's `extensions.cost`.
    restore_per_second: i64,
    maximum: i64,
}

impl Charge {
    /// Holds a cost, from the token's bucket and its owner's; of a public token from that of the
    /// address alone, as the token is everybody's.
    pub fn hold(
        buckets: &Buckets,
        limits: &Limits,
        actor: &Actor,
        from: (&str, Option<IpAddr>),
        cost: Cost,
    ) -> Result<Self, Refusal> {
        let (token, remote) = from;
        let from = match actor.caller {
            Caller::Visitor(id) => vec![(
                BucketKey::Visitor(id, remote.map(subscriber)),
                limits.visitor_bucket,
            )],
            _ => {
                let token = BucketKey::Token(Sha256::digest(token).into());
                let owner = owner(actor).map(|owner| (owner, limits.owner_bucket));
                let from = [Some((token, limits.token_bucket)), owner];
                from.into_iter().flatten().collect()
            }
        };
        let charge = Self {
            cost,
            restore_per_second: from[0].1.restore_per_second,
            from,
            maximum: limits.cost,
        };
        let requested = charge.cost.requested();
        if requested > limits.cost {
            let message = message!(
                "This request costs {requested}: it asks for that many objects. The limit is {limit}. \
                Ask for smaller pages, or in several requests.",
                requested,
                limit = limits.cost
            );
            let error = Error::new(ErrorCode::LimitExceeded, message);
            return Err(charge.refused(buckets, error, None));
        }
        match buckets.take(&charge.from, requested) {
            Ok(_) => Ok(charge),
            Err(seconds) => {
                let message = message!(
                    "Too many requests: this one costs {requested}. Wait {seconds} s.",
                    requested,
                    seconds
                );
                let error = Error::new(ErrorCode::Throttled, message);
                Err(charge.refused(buckets, error, Some(seconds)))
            }
        }
    }

    fn refused(&self, buckets: &Buckets, error: Error, wait: Option<i64>) -> Refusal {
        Refusal {
            error,
            retry_after_seconds: wait,
            cost: Some(Box::new(self.told(0, buckets.give_back(&self.from, 0)))),
            locale: None,
        }
    }

    /// Gives back what the answer didn't need, and tells it the cost.
    pub fn settle(&self, buckets: &Buckets, response: Response) -> Response {
        let actual = self.cost.actual(&response.data);
        let available = buckets.give_back(&self.from, self.cost.requested() - actual);
        response.extension("cost", self.told(actual, available))
    }

    /// Tells an event the cost of its subscription, which is held for good.
    pub fn tell(&self, buckets: &Buckets, event: Response) -> Response {
        let available = buckets.give_back(&self.from, 0);
        event.extension("cost", self.told(self.cost.requested(), available))
    }

    fn told(&self, actual: i64, available: i64) -> Value {
        value!({
            "requested": (self.cost.requested()),
            "actual": actual,
            "maximum": (self.maximum),
            "available": available,
            "restoreRate": (self.restore_per_second),
        })
    }
}

/// Whose bucket it is beside the token's.
fn owner(actor: &Actor) -> Option<BucketKey> {
    match actor.caller {
        Caller::Tenant(id, _) => Some(BucketKey::Tenant(id)),
        Caller::Storefront(id) => Some(BucketKey::Storefront(id)),
        Caller::Account(id, _) => Some(BucketKey::Account(id)),
        Caller::Visitor(_) => None,
        Caller::Platform(_) | Caller::Worker(_) => actor.client_id.map(BucketKey::Client),
    }
}
