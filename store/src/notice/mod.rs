//! The outbox of notices: written in the transaction of what they tell, claimed with a lease by
//! whoever sends them, and what came of that written down.
//!
//! A postman works outside of these transactions. One that dies loses its claims; another sends the
//! same again, under the same id. What a notice tells is sealed, since codes are among it, and
//! erased when it is over.

mod claim;
mod depth;
mod housekeeping;
mod members;
mod record;
mod write;

use berth_model::{NoticeId, Result, Scope};

use crate::{Cx, Store, tx::Tx};

pub use claim::NoticeWork;
pub use depth::NoticeDepth;
pub use record::NoticeFailure;
pub use write::NewNotice;

impl Store {
    async fn begin_postman(&self) -> Result<Tx> {
        self.begin_scope(Scope::Worker, &Cx::worker("postman"))
            .await
    }
}

/// What a sealed body is bound to: moved to another row, it doesn't open.
fn place(id: NoticeId) -> String {
    format!("notice/{id}")
}
