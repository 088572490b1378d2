//! How often something may be tried, so that passwords can't be guessed and nobody's mailbox is
//! flooded.
//!
//! What strangers try must not keep the owner out. So browsers in which somebody was signed in have
//! buckets of their own, and whoever comes with a new one while strangers are trying gets in by a mail
//! to the account's mailbox.

use std::{net::IpAddr, sync::Arc};

use berth_model::{
    Bucket, Buckets, Clock, EmailAddress, Error, ErrorCode, Result, Visit, message, subscriber,
};
use sha2::{Digest, Sha256};

/// Buckets kept in memory at most.
const BUCKETS: usize = 100_000;

/// Ten tries of a password at once, then one a minute.
const PASSWORD: Bucket = Bucket {
    size: 600,
    restore_per_second: 1,
};
const PASSWORD_COST: i64 = 60;

/// Sixty tries from an address at once, then one in ten seconds: several people may share it.
const ADDRESS: Bucket = Bucket {
    size: 600,
    restore_per_second: 1,
};
const ADDRESS_COST: i64 = 10;

/// Five mails to a mailbox at once, then one in five minutes.
const MAIL: Bucket = Bucket {
    size: 1500,
    restore_per_second: 1,
};
const MAIL_COST: i64 = 300;

/// What is counted: hashes, so that no address is kept.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// Passwords tried for an account, by browsers that it doesn't know.
    Strangers([u8; 32]),
    /// Passwords tried for an account by one browser that it knows.
    Known([u8; 32]),
    /// Anything tried from an address.
    Address([u8; 32]),
    /// Mails asked for to a mailbox, by browsers that its account doesn't know.
    Mail([u8; 32]),
    /// The same by one browser that it knows.
    KnownMail([u8; 32]),
}

/// What was tried lately.
pub(crate) struct Throttle {
    buckets: Buckets<Key>,
}

impl Throttle {
    /// Nothing yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            buckets: Buckets::new(clock, BUCKETS),
        }
    }

    /// Before a password is looked at. `known`: whether the account knows the browser.
    pub fn password(&self, visit: &Visit, email: &EmailAddress, known: bool) -> Result<()> {
        let key = if known {
            Key::Known(digest(visit, &[email.as_str(), &visit.browser]))
        } else {
            self.address(visit)?;
            Key::Strangers(digest(visit, &[&email.as_str().to_lowercase()]))
        };
        self.take(key, PASSWORD, PASSWORD_COST)
    }

    /// Before a mail is sent to a mailbox that somebody typed in.
    pub fn mail(&self, visit: &Visit, email: &EmailAddress, known: bool) -> Result<()> {
        let key = if known {
            Key::KnownMail(digest(visit, &[email.as_str(), &visit.browser]))
        } else {
            self.address(visit)?;
            Key::Mail(digest(visit, &[&email.as_str().to_lowercase()]))
        };
        self.take(key, MAIL, MAIL_COST)
    }

    /// Before anything else that strangers can try.
    pub fn address(&self, visit: &Visit) -> Result<()> {
        let remote = visit.remote.as_deref().unwrap_or_default();
        let network = remote
            .parse()
            .map(|address: IpAddr| subscriber(address).to_string());
        let counted = network.unwrap_or_else(|_| remote.to_owned());
        let key = Key::Address(digest(visit, &[counted.as_str()]));
        self.take(key, ADDRESS, ADDRESS_COST)
    }

    fn take(&self, key: Key, bucket: Bucket, cost: i64) -> Result<()> {
        let taken = self.buckets.take(&[(key, bucket)], cost);
        taken.map(drop).map_err(|seconds| {
            let text = message!("Too many tries. Wait {seconds} s.", seconds);
            Error::new(ErrorCode::Throttled, text)
        })
    }
}

fn digest(visit: &Visit, parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(visit.realm.uuid().as_bytes());
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}
