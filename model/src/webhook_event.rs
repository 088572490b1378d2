//! What webhooks tell: the types of events, patterns that choose among them, and the body.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    AccountId, DeploymentId, DeploymentState, Error, Id, InvitationId, MemberId, OperationId,
    OperationState, Result, SupportGrantId, TenantId, Timestamp, message,
};

/// Events that are no state of their noun. The database's triggers write the same names.
const OTHERS: [&str; 9] = [
    "invitation.created",
    "invitation.deleted",
    "member.created",
    "member.deleted",
    "member.updated",
    "support_grant.created",
    "support_grant.ended",
    "tenant.created",
    "tenant.updated",
];

/// Every type of event, sorted: `noun.what`, where a noun with states has one for each.
#[must_use]
pub fn webhook_event_types() -> Vec<String> {
    let deployments = DeploymentState::ALL
        .iter()
        .map(|state| format!("deployment.{}", state.as_str().to_lowercase()));
    let operations = OperationState::ALL
        .iter()
        .map(|state| format!("operation.{}", state.as_str().to_lowercase()));
    let others = OTHERS.iter().map(|name| (*name).to_owned());
    let mut types: Vec<String> = deployments.chain(operations).chain(others).collect();
    types.sort();
    types
}

/// Which events an endpoint wants: a type (`operation.succeeded`), all of a noun (`deployment.*`),
/// or all (`*`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebhookPattern(String);

impl WebhookPattern {
    /// Whether a pattern, as it is kept, chooses events of this type. One that this version doesn't
    /// know chooses none.
    #[must_use]
    pub fn chooses(pattern: &str, event_type: &str) -> bool {
        match pattern.strip_suffix('*') {
            Some("") => true,
            Some(noun) => noun.ends_with('.') && event_type.starts_with(noun),
            None => pattern == event_type,
        }
    }
}

impl FromStr for WebhookPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let types = webhook_event_types();
        if types.iter().any(|known| Self::chooses(text, known)) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(
            crate::ErrorCode::InvalidInput,
            message!(
                "No event is called so. Give \"*\", a noun such as \"deployment.*\", or some of: {types}.",
                types = types.join(", ")
            ),
        ))
    }
}

impl fmt::Display for WebhookPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an event is about: ids and states, no names, no addresses, no secrets. Who wants to know
/// more asks the API, and gets what is so then. Read as the database's triggers write it, with bare
/// UUIDs; written as the body tells it, with global ids and without what is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookData {
    /// The storefront's own number of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_external_id: Option<String>,
    /// The deployment, or the one that the operation works on.
    #[serde(serialize_with = "global", skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    /// The storefront's own number of that deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_external_id: Option<String>,
    /// The operation.
    #[serde(serialize_with = "global", skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<OperationId>,
    /// What the operation makes true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The member.
    #[serde(serialize_with = "global", skip_serializing_if = "Option::is_none")]
    pub member_id: Option<MemberId>,
    /// The member's account.
    #[serde(serialize_with = "global", skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The invitation.
    #[serde(serialize_with = "global", skip_serializing_if = "Option::is_none")]
    pub invitation_id: Option<InvitationId>,
    /// The support grant.
    #[serde(serialize_with = "global", skip_serializing_if = "Option::is_none")]
    pub support_grant_id: Option<SupportGrantId>,
    /// The role of the member, invitation or support grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The new state of the deployment or operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the operator wants of the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_state: Option<String>,
    /// Why the operation failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

fn global<T: Id + fmt::Display, S: Serializer>(id: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
    id.as_ref().map(ToString::to_string).serialize(to)
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    event_type: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    tenant_id: String,
    #[serde(flatten)]
    rest: &'a WebhookData,
}

/// The body of an event as Standard Webhooks shapes it: `type`, `timestamp` (RFC 3339, when it
/// happened) and `data`, with global ids.
pub fn webhook_body(
    event_type: &str,
    at: Timestamp,
    tenant_id: TenantId,
    data: &WebhookData,
) -> Result<String> {
    let body = Body {
        event_type,
        timestamp: at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        data: Data {
            tenant_id: tenant_id.to_string(),
            rest: data,
        },
    };
    serde_json::to_string(&body).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_types_are_as_written_down() {
        insta::assert_snapshot!(webhook_event_types().join("\n"));
    }

    #[test]
    fn a_pattern_chooses_a_type_a_noun_or_all() {
        let chosen = |pattern: &str| -> Vec<String> {
            let types = webhook_event_types().into_iter();
            types
                .filter(|known| WebhookPattern::chooses(pattern, known))
                .collect()
        };
        assert_eq!(chosen("*"), webhook_event_types());
        assert_eq!(chosen("operation.succeeded"), ["operation.succeeded"]);
        assert_eq!(chosen("tenant.*"), ["tenant.created", "tenant.updated"]);
        for wrong in [
            "",
            "tenant",
            "ten*",
            "tenant.",
            ".*",
            "**",
            "Tenant.*",
            "x.*",
            "tenant.*.*",
        ] {
            assert_eq!(chosen(wrong), Vec::<String>::new(), "{wrong:?}");
            assert!(wrong.parse::<WebhookPattern>().is_err(), "{wrong:?}");
        }
        assert!("deployment.*".parse::<WebhookPattern>().is_ok());
    }

    #[test]
    fn a_body_is_small_and_has_global_ids() {
        let data = WebhookData {
            tenant_external_id: Some("a-1".to_owned()),
            deployment_id: Some(DeploymentId(Uuid::from_u128(1))),
            state: Some("RUNNING".to_owned()),
            desired_state: Some("RUNNING".to_owned()),
            ..WebhookData::default()
        };
        let at = Timestamp::UNIX_EPOCH;
        let tenant = TenantId(Uuid::from_u128(2));
        let body = webhook_body("deployment.running", at, tenant, &data).unwrap();
        insta::assert_snapshot!(body);
    }
}
