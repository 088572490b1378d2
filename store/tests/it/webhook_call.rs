//! The calls of `policy.rs` on webhooks.

use berth_model::{PageRequest, Result, WebhookDeliveryId, WebhookEndpointUpdate};
use berth_store::Cx;

use crate::{policy_call::some, world::World};

/// On an endpoint of its own for each call that changes it, since one of them deletes it.
pub async fn webhook_call(
    world: &World,
    delivery: WebhookDeliveryId,
    cx: &Cx,
    name: &str,
) -> Result<()> {
    let (store, page) = (world.store(), PageRequest::first(10));
    let delivered = store
        .webhook_delivery_get(&world.platform, delivery)
        .await?;
    let endpoint = delivered.endpoint_id;
    if name.starts_with("webhook_endpoint_") && !name.ends_with("get") && !name.ends_with("ids") {
        let changed = world.endpoint(&world.shop, "*").await.id;
        let outcome = match name {
            "webhook_endpoint_delete" => store.webhook_endpoint_delete(cx, changed).await.map(drop),
            "webhook_endpoint_secret_rotate" => store
                .webhook_endpoint_secret_rotate(cx, changed)
                .await
                .map(drop),
            "webhook_endpoint_update" => {
                let input = WebhookEndpointUpdate {
                    id: changed,
                    url: None,
                    description: Some("Changed".to_owned()),
                    patterns: None,
                    enabled: None,
                };
                store.webhook_endpoint_update(cx, input).await.map(drop)
            }
            other => panic!("{other} is listed and not called"),
        };
        if name != "webhook_endpoint_delete" || outcome.is_err() {
            store.webhook_endpoint_delete(&world.shop, changed).await?;
        }
        return outcome;
    }
    match name {
        "webhook_attempt_by_delivery_ids" => some(
            store
                .webhook_attempt_by_delivery_ids(cx, &[delivery])
                .await?,
        ),
        "webhook_delivery_by_ids" => some(store.webhook_delivery_by_ids(cx, &[delivery]).await?),
        "webhook_delivery_get" => store.webhook_delivery_get(cx, delivery).await.map(drop),
        "webhook_delivery_list" => {
            let found = store.webhook_delivery_list(cx, page, endpoint, &[]).await?;
            some(found.items)
        }
        "webhook_delivery_redeliver" => store
            .webhook_delivery_redeliver(cx, delivery)
            .await
            .map(drop),
        "webhook_endpoint_by_ids" => some(store.webhook_endpoint_by_ids(cx, &[endpoint]).await?),
        "webhook_endpoint_get" => store.webhook_endpoint_get(cx, endpoint).await.map(drop),
        other => panic!("{other} is listed and not called"),
    }
}
