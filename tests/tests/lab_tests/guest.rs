//! A platform in the lab, and what the tiny guest answers.

use std::time::Duration;

use berth_tests::{Lab, World, until};
use serde_json::{Value, json};

pub const LIMIT: Duration = Duration::from_secs(180);

/// A platform on the lab's machines, alone on them until it is dropped, the lab last.
pub struct Site {
    pub world: World,
    pub lab: Lab,
}

impl Site {
    /// Each machine has room for `guests` of the smallest plan; a start may take `deadline` seconds.
    pub async fn new(guests: i64, deadline: i32) -> Self {
        let lab = Lab::alone().await;
        let world = World::new(lab.settings(guests, deadline)).await;
        Self { world, lab }
    }

    /// Orders a deployment and waits until it runs. A worker must be there.
    pub async fn running(&self, plan: &str) -> String {
        let (deployment, operation) = self.world.order(plan, json!([])).await;
        self.succeeds(&operation).await;
        deployment
    }

    /// Waits until an operation has succeeded.
    pub async fn succeeds(&self, operation: &str) {
        let ended = self.world.platform.operation_end(operation, LIMIT).await;
        assert_eq!(ended["state"], "SUCCEEDED", "{ended:#}");
    }

    /// Calls a mutation of a deployment and waits until it is done.
    pub async fn change(&self, mutation: &str, deployment: &str, more: Value) {
        let operation = self.world.change(mutation, deployment, more).await;
        self.succeeds(&operation).await;
    }

    /// The guest behind a deployment.
    pub async fn guest(&self, deployment: &str) -> Guest {
        let document = "query($id: ID!) { node(id: $id) { ... on Deployment {
            domainName virtualMachine { id addresses { address } machine { name } } } } }";
        let data = self
            .world
            .platform
            .query(document, json!({ "id": deployment }))
            .await;
        let deployment = &data["node"];
        let vm = &deployment["virtualMachine"];
        let addresses = vm["addresses"].as_array().unwrap();
        let address = |value: &Value| value["address"].as_str().unwrap().to_owned();
        Guest {
            domain_name: deployment["domainName"].as_str().unwrap().to_owned(),
            addresses: addresses.iter().map(address).collect(),
            machine: vm["machine"]["name"].as_str().unwrap().to_owned(),
            id: berth_tests::global_uuid(&vm["id"]).to_string(),
        }
    }
}

/// A tiny guest, as the world reaches it.
#[derive(Debug)]
pub struct Guest {
    pub domain_name: String,
    pub addresses: Vec<String>,
    pub machine: String,
    pub id: String,
}

impl Guest {
    fn request(
        &self,
        method: reqwest::Method,
        address: &str,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let host = if address.contains(':') {
            format!("[{address}]")
        } else {
            address.to_owned()
        };
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        http.request(method, format!("http://{host}{path}"))
            .header("host", &self.domain_name)
    }

    /// What it tells of itself at one of its addresses.
    pub async fn told_at(&self, address: &str) -> Value {
        self.request(reqwest::Method::GET, address, "/")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// What it tells of itself.
    pub async fn told(&self) -> Value {
        self.told_at(&self.addresses[0]).await
    }

    /// Leaves a note on its data volume.
    pub async fn note_put(&self, text: &str) {
        let request = self.request(reqwest::Method::PUT, &self.addresses[0], "/note");
        let answer = request.body(text.to_owned()).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Reads the note.
    pub async fn note(&self) -> String {
        let request = self.request(reqwest::Method::GET, &self.addresses[0], "/note");
        request
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Waits until it answers.
    pub async fn answers(&self) {
        let look = || async {
            let request = self.request(reqwest::Method::GET, &self.addresses[0], "/health");
            request
                .send()
                .await
                .ok()?
                .status()
                .is_success()
                .then_some(())
        };
        until(LIMIT, look, || format!("{self:?} does not answer")).await;
    }
}
