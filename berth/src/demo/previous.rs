//! An order that an earlier demo placed: following it again shows it from its first step on, however
//! far it is.

use serde::Deserialize;
use serde_json::json;

use super::order::Order;
use crate::{
    client::{ApiClient, Nodes},
    failure::Failure,
};

const QUERY: &str = "{
  deployments(last: 100, filter: { states: [ORDERED, PROVISIONING, RUNNING] }) { nodes {
    id domainName tenant { id name } applicationVersion { application { slug } }
    operations(first: 1) { nodes { id kind } }
  } }
}";

#[derive(Deserialize)]
struct Answer {
    deployments: Nodes<Deployment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    id: String,
    domain_name: String,
    tenant: Tenant,
    application_version: Version,
    operations: Nodes<Operation>,
}

#[derive(Deserialize)]
struct Tenant {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Version {
    application: Application,
}

#[derive(Deserialize)]
struct Application {
    slug: String,
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    kind: String,
}

/// The newest order of the application that runs, or is on its way.
pub(super) async fn find(client: &ApiClient, slug: &str) -> Result<Option<Order>, Failure> {
    Ok(newest(client.query_as(QUERY, json!({})).await?, slug))
}

fn newest(answer: Answer, slug: &str) -> Option<Order> {
    let of_application = |one: &Deployment| one.application_version.application.slug == slug;
    let mut found = answer.deployments.nodes.into_iter().rev();
    let found = found.find(of_application)?;
    let creation = found.operations.nodes.into_iter().next()?;
    (creation.kind == "DEPLOYMENT_CREATE").then_some(Order {
        tenant: found.tenant.name,
        tenant_id: found.tenant.id,
        deployment_id: found.id,
        domain_name: found.domain_name,
        operation_id: creation.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_order_of_the_application_is_found() {
        let deployment = |number: i32, slug: &str| {
            json!({
                "id": format!("dep_{number}"), "domainName": format!("d{number}.example"),
                "tenant": { "id": "ten_1", "name": "Demo" },
                "applicationVersion": { "application": { "slug": slug } },
                "operations": { "nodes": [{ "id": "opr_1", "kind": "DEPLOYMENT_CREATE" }] },
            })
        };
        let nodes = [(1, "matrix"), (2, "matrix"), (3, "tiny")].map(|(n, s)| deployment(n, s));
        let find = |slug| {
            let answer = json!({ "deployments": { "nodes": nodes } });
            newest(serde_json::from_value(answer).unwrap(), slug)
        };
        assert_eq!(find("matrix").unwrap().deployment_id, "dep_2");
        assert!(find("mastodon").is_none());
    }
}
