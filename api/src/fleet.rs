//! Questions to the placement engine: the fleet is read, and answered about on a thread of its own,
//! since an answer about thousands of machines takes a while.

use berth_model::{Error, ImageId, Result, SiteId};
use berth_placement::Platform;

use crate::context::Request;

/// Asks about one site as it is now.
pub(crate) async fn ask<T: Send + 'static>(
    request: &Request,
    site: SiteId,
    image: Option<ImageId>,
    question: impl FnOnce(&mut Platform) -> T + Send + 'static,
) -> Result<T> {
    let facts = request.store.fleet_facts(&request.cx, site, image).await?;
    let answered = tokio::task::spawn_blocking(move || question(&mut Platform::of_site(facts)));
    answered.await.map_err(Error::internal)
}
