//! The order: a tenant, a deployment, how it ended, and the hand-over.

use berth_model::Ids;
use serde::Deserialize;
use serde_json::json;

use super::catalogue::Choice;
use crate::{
    client::{ApiClient, text_at},
    failure::Failure,
};

const TENANT: &str = "mutation($input: TenantCreateInput!) {
  tenantCreate(input: $input) { tenant { id } userErrors { code message field } }
}";

const DEPLOYMENT: &str = "mutation($input: DeploymentCreateInput!) {
  deploymentCreate(input: $input) {
    deployment { id domainName } operation { id } userErrors { code message field }
  }
}";

const OUTCOME: &str = "query($deployment: ID!, $operation: ID!) {
  deployment: node(id: $deployment) { ... on Deployment {
    state virtualMachine { addresses { address family } }
  } }
  operation: node(id: $operation) { ... on Operation {
    errorMessage consoleTail
    placement { text others { verdict machines text } }
  } }
}";

const HANDOVER: &str = "mutation($input: DeploymentHandoverInput!) {
  deploymentHandover(input: $input) {
    handover { username initialPassword } userErrors { code message field }
  }
}";

/// What was ordered.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) tenant: String,
    pub(super) tenant_id: String,
    pub(super) deployment_id: String,
    pub(super) domain_name: String,
    pub(super) operation_id: String,
}

/// Signs an operator up and orders.
pub(super) async fn place(
    client: &ApiClient,
    ids: &Ids,
    choice: &Choice,
    domain_name: Option<String>,
) -> Result<Order, Failure> {
    // The time-ordered half of a UUIDv7 would be the same for orders of one second.
    let number: String = ids.uuid().simple().to_string().chars().skip(20).collect();
    let tenant = format!("Demo {number}");
    let domain_name =
        domain_name.unwrap_or_else(|| format!("{}-{number}.demo.example", choice.slug));
    let input = json!({
        "idempotencyKey": ids.uuid().to_string(), "name": tenant, "externalId": number,
        "ownerName": "Demo Owner", "ownerEmail": format!("owner-{number}@demo.example"),
    });
    let made = client.mutate("tenantCreate", TENANT, input).await?;
    let tenant_id = text_at(&made, "/tenant/id")?;
    let input = json!({
        "idempotencyKey": ids.uuid().to_string(), "tenantId": tenant_id,
        "applicationVersionId": choice.version_id, "planId": choice.plan_id,
        "name": choice.application, "domainName": domain_name,
        "administratorUsername": "admin",
        "administratorEmail": format!("owner-{number}@demo.example"),
    });
    let made = client.mutate("deploymentCreate", DEPLOYMENT, input).await?;
    Ok(Order {
        tenant,
        tenant_id,
        deployment_id: text_at(&made, "/deployment/id")?,
        domain_name: text_at(&made, "/deployment/domainName")?,
        operation_id: text_at(&made, "/operation/id")?,
    })
}

/// How the order ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// The deployment's state.
    pub(super) state: String,
    /// The first IPv4 address.
    pub(super) address: Option<String>,
    /// All addresses.
    pub(super) addresses: Vec<String>,
    error_message: Option<String>,
    console_tail: Option<String>,
    placement: Option<Placement>,
}

#[derive(Deserialize)]
struct Answer {
    deployment: Option<DeploymentAnswer>,
    operation: Option<OperationAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeploymentAnswer {
    state: String,
    virtual_machine: Option<VirtualMachineAnswer>,
}

#[derive(Deserialize)]
struct VirtualMachineAnswer {
    addresses: Option<Vec<AddressAnswer>>,
}

#[derive(Deserialize)]
struct AddressAnswer {
    address: String,
    family: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OperationAnswer {
    error_message: Option<String>,
    console_tail: Option<String>,
    placement: Option<Placement>,
}

#[derive(Clone, Debug, Deserialize)]
struct Placement {
    text: String,
    others: Vec<Count>,
}

/// Of how many machines something was found: a storefront isn't told of which.
#[derive(Clone, Debug, Deserialize)]
struct Count {
    verdict: String,
    machines: u32,
    text: String,
}

/// Asks how the order ended.
pub(super) async fn outcome(client: &ApiClient, order: &Order) -> Result<Outcome, Failure> {
    let variables = json!({"deployment": order.deployment_id, "operation": order.operation_id});
    let answer: Answer = client.query_as(OUTCOME, variables).await?;
    let mut outcome = Outcome::default();
    let mut vm = None;
    if let Some(deployment) = answer.deployment {
        outcome.state = deployment.state;
        vm = deployment.virtual_machine;
    }
    for address in vm.and_then(|vm| vm.addresses).unwrap_or_default() {
        if address.family == "IPV4" && outcome.address.is_none() {
            outcome.address = Some(address.address.clone());
        }
        outcome.addresses.push(address.address);
    }
    if let Some(operation) = answer.operation {
        outcome.error_message = operation.error_message;
        outcome.console_tail = operation.console_tail;
        outcome.placement = operation.placement;
    }
    Ok(outcome)
}

impl Outcome {
    /// How many machines it could have gone to, and what was found of the others.
    pub(super) fn machines(&self) -> String {
        let Some(placement) = &self.placement else {
            return "not told".to_owned();
        };
        let fit = placement.others.iter().find(|one| one.verdict == "FITS");
        let refused = placement.others.iter().filter(|one| one.verdict != "FITS");
        let mut lines = vec![format!("{} fit", fit.map_or(0, |fit| fit.machines))];
        lines.extend(refused.map(|one| format!("{}: {}", one.machines, one.text)));
        lines.join("\n")
    }

    /// Why it failed, for people.
    pub(super) fn failure(&self, message: &str) -> String {
        let mut text = self
            .error_message
            .clone()
            .unwrap_or_else(|| message.to_owned());
        if let Some(placement) = self
            .placement
            .as_ref()
            .filter(|placement| !placement.text.is_empty())
        {
            text = format!("{text}\nmachines: {}", placement.text);
        }
        if let Some(console) = &self.console_tail {
            text = format!("{text}\nthe end of the guest's console:\n{console}");
        }
        text
    }
}

/// The first administrator's user name and password.
pub(super) struct Handover {
    pub(super) username: String,
    pub(super) password: String,
}

/// Fetches the hand-over.
pub(super) async fn handover(
    client: &ApiClient,
    ids: &Ids,
    order: &Order,
) -> Result<Handover, Failure> {
    let key = ids.uuid().to_string();
    let input = json!({ "idempotencyKey": key, "deploymentId": order.deployment_id });
    let answer = client.mutate("deploymentHandover", HANDOVER, input).await?;
    Ok(Handover {
        username: text_at(&answer, "/handover/username")?,
        password: text_at(&answer, "/handover/initialPassword")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_are_told_by_what_was_found_of_them() {
        let count = |verdict: &str, machines, text: &str| Count {
            verdict: verdict.to_owned(),
            machines,
            text: text.to_owned(),
        };
        let placement = Placement {
            text: "1 machine: closed".to_owned(),
            others: vec![count("FITS", 2, "fits"), count("STATE", 1, "closed")],
        };
        let outcome = Outcome {
            placement: Some(placement),
            ..Outcome::default()
        };
        assert_eq!(outcome.machines(), "2 fit\n1: closed");
        assert_eq!(outcome.failure("No."), "No.\nmachines: 1 machine: closed");
    }
}
