//! The calls of `policy.rs` on identity providers.

use berth_model::{
    IdentityProviderCreate, IdentityProviderUpdate, Issuer, PageRequest, Reach, Result,
};
use berth_store::Cx;

use crate::{policy_call::some, world::World};

pub fn provider_input(issuer: &str) -> IdentityProviderCreate {
    IdentityProviderCreate {
        storefront_id: None,
        name: "Keycloak".to_owned(),
        issuer: Issuer::parse(issuer, Reach::Public).unwrap(),
        client_id: "berth".to_owned(),
        client_secret: "a secret".to_owned(),
    }
}

/// On a provider of its own for each call, since one of them deletes it.
pub async fn identity_call(world: &World, cx: &Cx, name: &str) -> Result<()> {
    let (store, page) = (world.store(), PageRequest::first(10));
    let input = provider_input("https://id.example.org");
    let id = store.identity_provider_create(&world.shop, input).await?.id;
    let outcome = match name {
        "identity_provider_by_ids" => match store.identity_provider_by_ids(cx, &[id]).await {
            Ok(found) => some(found),
            Err(error) => Err(error),
        },
        "identity_provider_get" => store.identity_provider_get(cx, id).await.map(drop),
        "identity_provider_list" => {
            let storefront = Some(world.storefront);
            match store.identity_provider_list(cx, page, storefront).await {
                Ok(found) => some(found.items),
                Err(error) => Err(error),
            }
        }
        "identity_provider_update" => {
            let input = IdentityProviderUpdate {
                id,
                name: Some("Changed".to_owned()),
                client_id: None,
                client_secret: Some("another".to_owned()),
                enabled: None,
            };
            store.identity_provider_update(cx, input).await.map(drop)
        }
        "identity_provider_delete" => store.identity_provider_delete(cx, id).await.map(drop),
        other => panic!("{other} is listed and not called"),
    };
    if name != "identity_provider_delete" || outcome.is_err() {
        store.identity_provider_delete(&world.shop, id).await?;
    }
    outcome
}
