//! The queue: operations, their steps and events, and the claims that workers hold on them.
//!
//! An operation is claimed in a short transaction, with a lease and a claim number, and worked on
//! outside of it. Whatever a worker writes names its [`Claim`] and is refused with
//! [`berth_model::ErrorCode::ClaimLost`] once another has taken the operation. Every change is an
//! event, numbered without gaps under the operation's row lock and told to listeners in the same
//! transaction.

mod cancel;
mod claim;
mod console;
mod depth;
mod end;
mod enqueue;
mod event;
mod explanation;
mod notifications;
mod operation;
mod step;
#[cfg(feature = "testing")]
pub(crate) mod testing;

pub use claim::{Claim, ClaimRequest, Signals};
pub use depth::QueueDepth;
pub use end::Outcome;
pub use notifications::{Hints, OperationFeed, Wake};
pub use operation::OperationFilter;

pub(crate) use enqueue::{NewOperation, Subject};
pub(crate) use event::claim_lost;
pub(crate) use explanation::explanation_write;
pub(crate) use operation::OperationRow;
