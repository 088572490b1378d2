//! A platform of its own for a test: a database, the API in a process, workers on demand, machines.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use berth_store::testing::TestDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Api, Catalogue, Environment, Lister, Process, ProvisionPlan, connect, differences, provision,
};

/// What a world is made of.
pub struct Settings {
    /// What the provider has.
    pub plan: ProvisionPlan,
    /// Lists machines.
    pub lister: Box<dyn Lister>,
    /// The image's file.
    pub image: PathBuf,
    /// Where simulated machines live, if there are some.
    pub simulator: Option<PathBuf>,
}

/// A platform.
pub struct World {
    /// As the provider.
    pub platform: Api,
    /// As a storefront.
    pub storefront: Api,
    /// A tenant of the storefront.
    pub tenant: String,
    /// What can be ordered.
    pub catalogue: Catalogue,
    /// The database, as its owner.
    pub sql: tokio_postgres::Client,
    /// The machines.
    pub lister: Box<dyn Lister>,
    environment: Environment,
    orders: AtomicU32,
    _api: Process,
    database: TestDatabase,
    _home: TempDir,
}

/// How a worker runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worker {
    /// At which boundary it is killed, counted from 1.
    pub kill_at: Option<u32>,
    /// Operations at a time; 1 unless given.
    pub concurrency: Option<u32>,
    /// Seconds between two looks of the reconciler; so long that only events wake it unless given.
    pub reconcile: Option<u32>,
}

impl World {
    /// Everything up, with no worker running.
    pub async fn new(settings: Settings) -> Self {
        let mut home = tempfile::tempdir().unwrap();
        // For a look at what is there afterwards; logs are kept in any case.
        home.disable_cleanup(std::env::var_os("BERTH_TEST_KEEP").is_some());
        let database = TestDatabase::new().await;
        let environment = Environment::new(
            home.path(),
            &database.app_url,
            settings.simulator.as_deref(),
        );
        environment.run(&["image", "import", settings.image.to_str().unwrap()]);
        let api = environment.start("api", &[]);
        environment.ready().await;
        let platform = environment.client(&["--kind", "platform"]).await;
        let storefront = environment
            .client(&["--kind", "storefront", "--storefront", "Test shop"])
            .await;
        let mut worker = environment.start("worker", &[]);
        let catalogue = provision(&platform, &settings.plan).await;
        worker.stop().await;
        let input =
            json!({ "name": "Test", "ownerName": "Anna", "ownerEmail": "anna@example.org" });
        let tenant = storefront
            .done("tenantCreate", input, "tenant { id }")
            .await;
        Self {
            platform,
            storefront,
            tenant: tenant["tenant"]["id"].as_str().unwrap().to_owned(),
            catalogue,
            sql: connect(&database.owner_url).await,
            lister: settings.lister,
            environment,
            orders: AtomicU32::new(0),
            _api: api,
            database,
            _home: home,
        }
    }

    /// The database's address, as Berth's processes have it.
    #[must_use]
    pub fn app_url(&self) -> &str {
        &self.database.app_url
    }

    /// The same for the owner of the schema.
    #[must_use]
    pub fn owner_url(&self) -> &str {
        &self.database.owner_url
    }

    /// Makes a client of a kind and signs it in: `--kind tenant`, …
    pub async fn client(&self, kind: &[&str]) -> Api {
        self.environment.client(kind).await
    }

    /// Starts a worker.
    #[must_use]
    pub fn worker(&self, worker: Worker) -> Process {
        let mut variables = Vec::new();
        if let Some(number) = worker.kill_at {
            variables.push(("BERTH_TEST_KILL_AT", number.to_string()));
        }
        if let Some(seconds) = worker.reconcile {
            variables.push(("BERTH_FLEET_RECONCILE_SECONDS", seconds.to_string()));
        }
        let concurrency = worker.concurrency.unwrap_or(1).to_string();
        variables.push(("BERTH_WORKER_CONCURRENCY", concurrency.clone()));
        variables.push(("BERTH_WORKER_PER_TENANT_LIMIT", concurrency));
        self.environment.start("worker", &variables)
    }

    /// Orders a tiny deployment; the ids of deployment and operation.
    pub async fn order(&self, plan: &str, options: Value) -> (String, String) {
        let payload = self.order_payload(plan, options).await;
        assert_eq!(payload["userErrors"], json!([]));
        let id = |noun: &str| payload[noun]["id"].as_str().unwrap().to_owned();
        (id("deployment"), id("operation"))
    }

    async fn order_payload(&self, plan: &str, options: Value) -> Value {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        let input = json!({
            "tenantId": self.tenant, "applicationVersionId": self.catalogue.version, "planId": plan,
            "name": "Tiny", "domainName": format!("t{number}.example.org"), "options": options,
            "administratorUsername": "anna", "administratorEmail": "anna@example.org",
        });
        let selection = "deployment { id } operation { id }";
        self.storefront
            .mutate("deploymentCreate", input, selection)
            .await
    }

    /// Calls a mutation of a deployment; the id of its operation.
    pub async fn change(&self, mutation: &str, deployment: &str, more: Value) -> String {
        let mut input = more;
        input["deploymentId"] = json!(deployment);
        let payload = self
            .storefront
            .done(mutation, input, "operation { id }")
            .await;
        payload["operation"]["id"].as_str().unwrap().to_owned()
    }

    /// Asks for the move of a deployment's virtual machine to another machine; the id of the rebalance.
    pub async fn move_away(&self, deployment: &str) -> String {
        let document = "query($id: ID!) { machines(first: 10) { nodes { id } }
            node(id: $id) { ... on Deployment { virtualMachine { id site { id } machine { id } } } } }";
        let data = self
            .platform
            .query(document, json!({ "id": deployment }))
            .await;
        let vm = &data["node"]["virtualMachine"];
        let (id, from) = (&vm["id"], &vm["machine"]["id"]);
        let machines = data["machines"]["nodes"].as_array().unwrap();
        let other = machines.iter().find(|machine| machine["id"] != *from);
        let to = &other.unwrap()["id"];
        let moved = json!({ "virtualMachineId": id, "fromMachineId": from, "toMachineId": to });
        let input = json!({ "siteId": vm["site"]["id"], "waves": [{ "moves": [moved] }] });
        let payload = self
            .platform
            .done("fleetRebalanceApply", input, "operation { id }")
            .await;
        payload["operation"]["id"].as_str().unwrap().to_owned()
    }

    /// Has a worker carry out everything that waits; the end of `operation`.
    pub async fn carry_out(&self, operation: &str) -> Value {
        let mut worker = self.worker(Worker::default());
        let ended = self
            .platform
            .operation_end(operation, Duration::from_secs(120))
            .await;
        worker.stop().await;
        ended
    }

    /// Lets the time of all leases be over.
    pub async fn leases_end(&self) {
        self.sql
            .batch_execute(
                "UPDATE operations SET lease_until = '2000-01-01' WHERE state = 'RUNNING';
                UPDATE operations SET run_after = '2000-01-01' WHERE state = 'PENDING';
                NOTIFY berth_queue",
            )
            .await
            .unwrap();
    }

    /// Where an operation is, read past the API: for loops that must not miss a moment.
    pub async fn operation_state(&self, operation: &str) -> String {
        let id = crate::global_uuid(&json!(operation)).to_string();
        let sql = "SELECT state FROM operations WHERE id::text = $1";
        self.sql.query_one(sql, &[&id]).await.unwrap().get(0)
    }

    /// A deployment's state.
    pub async fn state(&self, deployment: &str) -> String {
        self.storefront.deployment_state(deployment).await
    }

    /// Counts what is on the machines against what the database says: they must agree.
    pub async fn assert_counted(&self, what: &str) {
        let found = differences(&self.sql, self.lister.as_ref()).await;
        assert!(found.is_empty(), "after {what}: {found:#?}");
    }
}
