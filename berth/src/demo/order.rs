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
    placement { text candidates { machineId machineName verdict score text } }
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
    candidates: Vec<Candidate>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    machine_id: String,
    machine_name: String,
    verdict: String,
    score: Option<i64>,
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
    /// The machine that was chosen, and why: one line for each that was looked at.
    pub(super) fn machine(&self) -> String {
        let Some(placement) = &self.placement else {
            return "not told".to_owned();
        };
        // Of those that fit the lowest score is chosen; among equals the lowest id.
        let fitting = placement
            .candidates
            .iter()
            .filter(|one| one.verdict == "FITS");
        let Some(best) = fitting.min_by_key(|one| (one.score, &one.machine_id)) else {
            return format!("none: {}", placement.text);
        };
        let others = placement
            .candidates
            .iter()
            .filter(|one| one.machine_name != best.machine_name);
        let mut lines = vec![format!("{}: {}, the best", best.machine_name, best.text)];
        lines.extend(others.map(|one| format!("{}: {}", one.machine_name, one.text)));
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
    fn the_machine_is_told_with_its_reasons() {
        let candidate = |name: &str, verdict: &str, score, text: &str| Candidate {
            machine_id: format!("mac_{name}"),
            machine_name: name.to_owned(),
            verdict: verdict.to_owned(),
            score,
            text: text.to_owned(),
        };
        let candidates = vec![
            candidate("m1", "FITS", Some(9), "fits, score 9"),
            candidate("m2", "FITS", Some(3), "fits, score 3"),
            candidate("m3", "STATE", None, "draining"),
        ];
        let placement = Placement {
            text: "m3: draining".to_owned(),
            candidates,
        };
        let outcome = Outcome {
            placement: Some(placement),
            ..Outcome::default()
        };
        assert_eq!(
            outcome.machine(),
            "m2: fits, score 3, the best\nm1: fits, score 9\nm3: draining"
        );
        assert_eq!(outcome.failure("No."), "No.\nmachines: m3: draining");
    }
}
