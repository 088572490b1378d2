//! What a provider does once, over the public API: site, rack, network, machines, images,
//! applications, plans. It looks first and makes what is missing, so that it can be repeated.

mod catalogue;
mod fleet;
mod goods;

use std::sync::Arc;

use berth_model::{Ids, SystemClock};
use serde_json::{Value, json};

use crate::{client::ApiClient, failure::Failure};

pub(crate) use catalogue::Catalogue;
pub(crate) use fleet::{MachineDefinition, Range, SiteDefinition};
pub(crate) use goods::ImageFile;

/// The provider's hands: a client of the API, and new keys for what is asked once.
pub(crate) struct Provider {
    client: ApiClient,
    ids: Ids,
}

impl Provider {
    pub(crate) fn new(client: ApiClient) -> Self {
        Self {
            client,
            ids: Ids::new(Arc::new(SystemClock)),
        }
    }

    /// Everything. Calls `say` with a line for each thing that was made.
    pub(crate) async fn provision(
        &self,
        site: &SiteDefinition,
        catalogue: &Catalogue,
        images: &[ImageFile],
        mut say: impl FnMut(String),
    ) -> Result<(), Failure> {
        self.goods(catalogue, images, &mut say).await?;
        self.fleet(site, &mut say).await
    }

    /// A mutation with a fresh idempotency key: a try that lost its answer is repeated by looking.
    async fn make(&self, name: &str, document: &str, mut input: Value) -> Result<Value, Failure> {
        input["idempotencyKey"] = json!(self.ids.uuid().to_string());
        self.client.mutate(name, document, input).await
    }

    async fn ask(&self, document: &str) -> Result<Value, Failure> {
        self.client.query(document, json!({})).await
    }
}

/// The first node of a connection at a JSON pointer whose `key` is `wanted`.
fn node_where<'a>(answer: &'a Value, pointer: &str, key: &str, wanted: &str) -> Option<&'a Value> {
    let nodes = answer.pointer(pointer)?.get("nodes")?.as_array()?;
    nodes.iter().find(|node| node[key] == wanted)
}
