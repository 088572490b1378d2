//! What a sandbox begins with, made over the public API: site, machines, catalogue, two tenants.

use std::{path::Path, time::Duration};

use serde_json::json;

use super::MACHINES;
use crate::{
    cli::Access,
    client::ApiClient,
    command::Credentials,
    failure::{Exit, Failure},
    provision::{Catalogue, ImageFile, MachineDefinition, Provider, Range, SiteDefinition},
};

/// How long the API may take to begin.
const BEGIN: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

const TENANTS: &str = "{ tenants(first: 100) { nodes { externalId } } }";
const TENANT_CREATE: &str = "mutation($input: TenantCreateInput!) {
  tenantCreate(input: $input) { tenant { id } userErrors { code message field } }
}";

/// Makes what isn't there yet.
pub(super) async fn seed(
    url: &str,
    catalogue: &Path,
    images: &[ImageFile],
    platform: &Credentials,
    shop: &Credentials,
) -> Result<(), Failure> {
    let catalogue = Catalogue::read(catalogue)?;
    let platform = client(url, platform)?;
    wait(&platform).await?;
    let provider = Provider::new(platform);
    provider
        .provision(&site(), &catalogue, images, |_| {})
        .await?;
    tenants(&client(url, shop)?).await
}

pub(super) fn client(url: &str, credentials: &Credentials) -> Result<ApiClient, Failure> {
    ApiClient::new(&Access {
        url: url.to_owned(),
        client_id: credentials.id.clone(),
        client_secret: credentials.secret.clone(),
    })
}

/// Until the API answers.
async fn wait(client: &ApiClient) -> Result<(), Failure> {
    let begun = tokio::time::Instant::now();
    loop {
        match client.query("{ __typename }", json!({})).await {
            Err(failure) if failure.exit == Exit::Unreachable && begun.elapsed() < BEGIN => {
                tokio::time::sleep(PAUSE).await;
            }
            answered => return answered.map(drop),
        }
    }
}

fn site() -> SiteDefinition {
    let machines = MACHINES
        .iter()
        .map(|name| MachineDefinition {
            name: (*name).to_owned(),
            uri: format!("sim:{name}"),
            storage_pool: super::simulator_config().pool,
            guest_type: "KVM",
            memory_reserve_bytes: 1 << 30,
            memory_sold_bytes: None,
            vcpu_overcommit_percent: 400,
        })
        .collect();
    SiteDefinition {
        name: "sandbox".to_owned(),
        rack: "rack-1".to_owned(),
        network: super::simulator_config().network,
        ipv4: Some(Range {
            cidr: "198.18.0.0/20".to_owned(),
            gateway: "198.18.0.1".to_owned(),
            first: "198.18.0.10".to_owned(),
            last: "198.18.15.250".to_owned(),
        }),
        ipv6: Some(Range {
            cidr: "2001:db8::/64".to_owned(),
            gateway: "2001:db8::1".to_owned(),
            first: "2001:db8::1000".to_owned(),
            last: "2001:db8::1fff".to_owned(),
        }),
        machines,
    }
}

async fn tenants(shop: &ApiClient) -> Result<(), Failure> {
    let known = shop.query(TENANTS, json!({})).await?;
    let known = known["tenants"]["nodes"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for (number, name, owner) in [("1001", "Garden club", "Anna"), ("1002", "Choir", "Ben")] {
        if known.iter().any(|node| node["externalId"] == number) {
            continue;
        }
        let input = json!({
            "idempotencyKey": format!("sandbox-{number}"), "name": name, "externalId": number,
            "ownerName": owner,
            "ownerEmail": format!("{}@sandbox.example", owner.to_lowercase()),
        });
        shop.mutate("tenantCreate", TENANT_CREATE, input).await?;
    }
    Ok(())
}
