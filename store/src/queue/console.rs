//! The end of a guest's console, kept where it tells why an operation failed.

use std::collections::HashMap;

use berth_model::{OperationId, Result, policy, policy::Action};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{Claim, Cx, Store, error::internal, reads::uuids, schema::operations};

/// How much is kept, in bytes.
const KEPT_BYTES: usize = 4096;

impl Store {
    /// What is kept of the console with each of these operations that the caller can see. Not for the
    /// provider's people: a console can show what somebody has in an application.
    pub async fn operation_console_by_ids(
        &self,
        cx: &Cx,
        ids: &[OperationId],
    ) -> Result<HashMap<OperationId, String>> {
        policy::check(&cx.actor, Action::ConsoleRead)?;
        let kept = operations::table
            .filter(operations::id.eq_any(uuids(ids)))
            .filter(operations::console_tail.is_not_null())
            .select((operations::id, operations::console_tail.assume_not_null()));
        let kept: Vec<(Uuid, String)> = self.rows(cx, kept).await?;
        Ok(kept
            .into_iter()
            .map(|(id, text)| (id.into(), text))
            .collect())
    }

    /// Keeps the end of the guest's console with the operation: its last 4 KiB.
    pub async fn operation_console(&self, claim: &Claim, text: &str) -> Result<()> {
        let mut tx = self.begin_work(claim).await?;
        let written = async {
            self.claim_hold(&mut tx, claim).await?;
            diesel::update(operations::table.find(claim.operation_id.0))
                .set(operations::console_tail.eq(tail(text)))
                .execute(&mut *tx)
                .await
                .map_err(internal)
        }
        .await;
        tx.end(written).await.map(|_| ())
    }
}

/// The last 4 KiB of what can be shown: lines and tabs, no other control characters.
fn tail(text: &str) -> String {
    let shown: String = text
        .chars()
        .filter(|char| !char.is_control() || matches!(char, '\n' | '\t'))
        .collect();
    let mut from = shown.len().saturating_sub(KEPT_BYTES);
    while !shown.is_char_boundary(from) {
        from += 1;
    }
    shown[from..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_whole_characters_only() {
        assert_eq!(tail("a\r\n\0b\tc"), "a\nb\tc");
        let long = format!("{}end", "ü".repeat(KEPT_BYTES));
        let kept = tail(&long);
        assert!(
            kept.len() <= KEPT_BYTES && kept.len() > KEPT_BYTES - 4,
            "{}",
            kept.len()
        );
        assert!(kept.starts_with('ü') && kept.ends_with("end"));
    }
}
