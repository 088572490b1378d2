//! What to order: the newest version of an application, and a plan that it fits.

use berth_model::bytes_text;
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{ApiClient, Nodes},
    failure::{Exit, Failure},
};

const QUERY: &str = "{
  applications(first: 100) { nodes {
    slug name
    versions(last: 1) { nodes {
      id version memoryBytes vcpus dataBytes httpPort probe { path }
    } }
  } }
  plans(first: 100) { nodes {
    id slug name hosting memoryBytes vcpus dataBytes price { minor currency }
  } }
}";

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The application's short name.
    pub(super) slug: String,
    /// The application's name.
    pub(super) application: String,
    /// Of the application.
    pub(super) version: String,
    /// Its id.
    pub(super) version_id: String,
    /// Where it answers.
    pub(super) http_port: u16,
    /// What it answers when it is healthy.
    pub(super) probe_path: String,
    /// The plan's short name.
    pub(super) plan: String,
    /// Its id.
    pub(super) plan_id: String,
    /// The plan for people.
    pub(super) plan_text: String,
}

#[derive(Deserialize)]
struct Catalogue {
    applications: Nodes<Application>,
    plans: Nodes<Plan>,
}

#[derive(Deserialize)]
struct Application {
    slug: String,
    name: String,
    versions: Nodes<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    id: String,
    version: String,
    memory_bytes: i64,
    vcpus: i32,
    data_bytes: i64,
    http_port: u16,
    probe: Probe,
}

#[derive(Deserialize)]
struct Probe {
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    id: String,
    slug: String,
    name: String,
    hosting: String,
    memory_bytes: i64,
    vcpus: i32,
    data_bytes: i64,
    price: Price,
}

#[derive(Deserialize)]
struct Price {
    minor: i64,
    currency: String,
}

/// Asks the API and chooses.
pub(super) async fn choose(
    client: &ApiClient,
    slug: &str,
    plan: Option<&str>,
) -> Result<Choice, Failure> {
    let catalogue: Catalogue = client.query_as(QUERY, json!({})).await?;
    choose_of(catalogue, slug, plan).map_err(|message| Failure::new(Exit::Refused, message))
}

fn choose_of(catalogue: Catalogue, slug: &str, plan: Option<&str>) -> Result<Choice, String> {
    let known: Vec<&str> = catalogue
        .applications
        .nodes
        .iter()
        .map(|known| known.slug.as_str())
        .collect();
    let offered = format!("the provider offers: {}", known.join(", "));
    let application = catalogue
        .applications
        .nodes
        .into_iter()
        .find(|known| known.slug == slug)
        .ok_or_else(|| format!("there is no application {slug:?}; {offered}"))?;
    let version = application
        .versions
        .nodes
        .into_iter()
        .next()
        .ok_or_else(|| format!("{slug} has no version yet"))?;
    let mut fitting: Vec<Plan> = catalogue
        .plans
        .nodes
        .into_iter()
        .filter(|plan| fits(plan, &version))
        .collect();
    fitting.sort_by_key(|plan| (plan.hosting != "OWN", plan.price.minor, plan.memory_bytes));
    let names: Vec<&str> = fitting.iter().map(|plan| plan.slug.as_str()).collect();
    let fits = format!("plans that fit {slug}: {}", names.join(", "));
    let chosen = fitting
        .iter()
        .find(|known| plan.is_none_or(|wanted| known.slug == wanted))
        .ok_or_else(|| {
            format!(
                "there is no plan {:?} for it; {fits}",
                plan.unwrap_or("any")
            )
        })?;
    Ok(Choice {
        slug: application.slug,
        application: application.name,
        version: version.version,
        version_id: version.id,
        http_port: version.http_port,
        probe_path: version.probe.path,
        plan: chosen.slug.clone(),
        plan_id: chosen.id.clone(),
        plan_text: plan_text(chosen),
    })
}

fn fits(plan: &Plan, version: &Version) -> bool {
    plan.memory_bytes >= version.memory_bytes
        && plan.vcpus >= version.vcpus
        && plan.data_bytes >= version.data_bytes
}

fn plan_text(plan: &Plan) -> String {
    format!(
        "{}: {} memory, {} vCPU, {} data, {}.{:02} {} a month",
        plan.name,
        bytes_text(plan.memory_bytes),
        plan.vcpus,
        bytes_text(plan.data_bytes),
        plan.price.minor / 100,
        plan.price.minor % 100,
        plan.price.currency
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        let plan = |slug: &str, hosting: &str, memory: i64, minor: i64| {
            json!({"id": slug, "slug": slug, "name": slug, "hosting": hosting, "memoryBytes": memory,
                "vcpus": 1, "dataBytes": 1 << 30, "price": {"minor": minor, "currency": "EUR"}})
        };
        serde_json::from_value(json!({
            "applications": {"nodes": [{"slug": "tiny", "name": "Tiny", "versions": {"nodes": [{
                "id": "apv_1", "version": "1", "memoryBytes": 128 << 20, "vcpus": 1, "dataBytes": 1 << 20,
                "httpPort": 80, "probe": {"path": "/health"}}]}}]},
            "plans": {"nodes": [
                plan("nano", "OWN", 64 << 20, 50), plan("shared", "SHARED", 1 << 30, 100),
                plan("large", "OWN", 2 << 30, 900), plan("small", "OWN", 1 << 30, 450),
            ]},
        }))
        .unwrap()
    }

    #[test]
    fn the_cheapest_own_plan_that_fits_is_taken() {
        let choice = choose_of(catalogue(), "tiny", None).unwrap();
        assert_eq!(choice.plan, "small");
        assert_eq!(
            choice.plan_text,
            "small: 1 GiB memory, 1 vCPU, 1 GiB data, 4.50 EUR a month"
        );
        assert_eq!(
            choose_of(catalogue(), "tiny", Some("large")).unwrap().plan,
            "large"
        );
    }

    #[test]
    fn what_there_is_not_is_told_with_what_there_is() {
        let told = |slug, plan| choose_of(catalogue(), slug, plan).unwrap_err();
        assert_eq!(
            told("mail", None),
            "there is no application \"mail\"; the provider offers: tiny"
        );
        assert!(told("tiny", Some("nano")).ends_with("plans that fit tiny: small, large, shared"));
    }
}
