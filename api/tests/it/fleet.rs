//! Questions to placement, as the provider asks them: one machine, with one virtual machine on it.

use serde_json::{Value, json};

use crate::{
    inputs::unknown,
    support::code,
    world::{GIB, World},
};

/// A machine of 16 GiB that was looked at.
async fn world() -> World {
    let world = World::new().await;
    let sql = format!(
        "UPDATE machines SET state = 'ACTIVE', memory_bytes = {}, memory_reserve_bytes = 0, cpus = 16,
             vcpu_overcommit_percent = 100, memory_used_bytes = {GIB}, vcpus_used = 1,
             observed_at = now();
         UPDATE storage_pools SET capacity_bytes = {}, used_bytes = {GIB};",
        16 * GIB,
        1000 * GIB,
    );
    world.api.database.sql(&sql).await;
    world
}

async fn ask(world: &World, query: &str) -> Value {
    let asked = query
        .replace("$site", &format!("{:?}", world.ids["Site"]))
        .replace("$plan", &format!("{:?}", world.ids["Plan"]))
        .replace("$machine", &format!("{:?}", world.ids["Machine"]));
    world.api.ask(&world.platform, &asked, json!({})).await
}

async fn data(world: &World, query: &str) -> Value {
    let answer = ask(world, query).await;
    assert_eq!(code(&answer), "no error", "{answer}");
    answer["data"].clone()
}

async fn policy_set(world: &World, input: Value) -> Value {
    let fields =
        "placementPolicy { survive failures tenantCap isSpread } userErrors { code field }";
    let query = format!(
        "mutation($input: PlacementPolicySetInput!) {{ placementPolicySet(input: $input) {{ {fields} }} }}"
    );
    let variables = json!({ "input": input });
    let answer = world.api.ask(&world.platform, &query, variables).await;
    answer["data"]["placementPolicySet"].clone()
}

const PREVIEW: &str = "{ placementPreview(siteId: $site, planId: $plan) {
    placement { chosen { id } candidates { verdict shortages { resource } } text }
    relaxations { without { rule shortage { missing } } machines } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_where_and_why_and_keeps_the_policy() {
    let world = world().await;
    let preview = data(&world, PREVIEW).await["placementPreview"].clone();
    assert_eq!(preview["placement"]["chosen"]["id"], world.ids["Machine"]);
    assert_eq!(preview["placement"]["candidates"][0]["verdict"], "FITS");
    assert_eq!(preview["relaxations"], json!([]));

    let input = json!({ "idempotencyKey": "s", "survive": "MACHINE" });
    let set = policy_set(&world, input).await;
    let wanted =
        json!({ "survive": "MACHINE", "failures": 1, "tenantCap": null, "isSpread": false });
    assert_eq!(set["placementPolicy"], wanted);
    let read = data(
        &world,
        "{ placementPolicy { survive failures tenantCap isSpread } }",
    )
    .await;
    assert_eq!(read["placementPolicy"], wanted);
    let preview = data(&world, PREVIEW).await["placementPreview"].clone();
    assert_eq!(preview["placement"]["chosen"], Value::Null);
    assert_eq!(
        preview["placement"]["candidates"][0]["verdict"],
        "NO_RESTART"
    );
    let text = preview["placement"]["text"].as_str().unwrap();
    assert!(text.ends_with("no place to restart if it failed"), "{text}");
}

const FORECAST: &str = "{ fleetForecast(siteId: $site) {
    plans { plan { id memoryBytes } sold more limit } mix mixLimit addressesFree
    stranded { by { rule } machines memoryBytes }
    growth { history expectedWeeks earliestWeeks latestWeeks perWeekThousandths }
    advice { machine { id } gained limit } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_forecast_counts_what_fits_and_what_one_more_machine_brings() {
    let world = world().await;
    let small = format!("UPDATE machines SET memory_bytes = {}", 5 * GIB);
    world.api.database.sql(&small).await;
    let forecast = data(&world, FORECAST).await["fleetForecast"].clone();
    let plan = &forecast["plans"][0];
    assert_eq!(plan["plan"]["id"], world.ids["Plan"]);
    assert_eq!(plan["sold"], 2, "the two deployments that were ordered");
    let memory = plan["plan"]["memoryBytes"].as_i64().unwrap();
    let more = plan["more"].as_i64().unwrap();
    assert_eq!(more, 4 * GIB / memory);
    assert_eq!(forecast["mix"], more);
    assert_eq!(
        (&plan["limit"], &forecast["mixLimit"]),
        (&json!("ROOM"), &json!("ROOM"))
    );
    assert_eq!(forecast["growth"], Value::Null, "it began this week");
    assert_eq!(forecast["advice"][0]["machine"]["id"], world.ids["Machine"]);
    assert_eq!(forecast["advice"][0]["gained"], 5 * GIB / memory);
    assert_eq!(forecast["advice"][0]["limit"], "ROOM");
    assert!(forecast["addressesFree"].as_i64().unwrap() > 0);
    assert_eq!(forecast["stranded"][0]["machines"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forecast_ends_with_the_addresses_and_says_so() {
    let world = world().await;
    let earlier = "UPDATE deployments SET created_at = created_at - interval '20 days'";
    world.api.database.sql(earlier).await;
    for (free, weeks) in [(1, Value::Null), (0, json!(0))] {
        let sql = format!(
            "UPDATE addresses SET free_after = now() + interval '1 year'
             WHERE virtual_machine_id IS NULL AND family = 4;
             UPDATE addresses SET free_after = NULL WHERE id IN (SELECT id FROM addresses
                 WHERE virtual_machine_id IS NULL AND family = 4 LIMIT {free});"
        );
        world.api.database.sql(&sql).await;
        let forecast = data(&world, FORECAST).await["fleetForecast"].clone();
        assert_eq!(forecast["addressesFree"], free);
        let plan = &forecast["plans"][0];
        assert_eq!(
            (&plan["more"], &plan["limit"]),
            (&json!(free), &json!("ADDRESSES"))
        );
        let mix = (&forecast["mix"], &forecast["mixLimit"]);
        assert_eq!(mix, (&json!(free), &json!("ADDRESSES")));
        let advice = &forecast["advice"][0];
        assert_eq!(
            (&advice["gained"], &advice["limit"]),
            (&json!(0), &json!("ADDRESSES"))
        );
        assert_eq!(forecast["growth"]["history"], json!([2, 2, 2]));
        assert_eq!(forecast["growth"]["perWeekThousandths"], 0);
        assert_eq!(forecast["growth"]["expectedWeeks"], weeks);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_and_moves_are_told_before_they_happen() {
    let world = world().await;
    let query = "{ fleetSurvival(siteId: $site, domain: RACK) {
        machines { id } restarts kept found lost { id } } }";
    let survival = data(&world, query).await["fleetSurvival"].clone();
    assert_eq!(survival[0]["machines"][0]["id"], world.ids["Machine"]);
    assert_eq!(survival[0]["lost"][0]["id"], world.ids["VirtualMachine"]);
    let counts = ["restarts", "kept", "found"].map(|name| survival[0][name].as_i64().unwrap());
    assert_eq!(counts, [1, 0, 0]);

    let plan = "{ waves { moves { virtualMachine { id } from { id } to { id } gain isDetour } }
        left { virtualMachine { id } by { rule shortage { text } } } unprotected before after bound }";
    let query = format!("{{ machineDrainPlan(machineId: $machine) {plan} }}");
    let drain = data(&world, &query).await["machineDrainPlan"].clone();
    assert_eq!((&drain["before"], &drain["after"]), (&json!(1), &json!(1)));
    assert_eq!(
        drain["left"][0]["virtualMachine"]["id"],
        world.ids["VirtualMachine"]
    );
    let dark = "UPDATE machines SET unreachable_since = now()";
    world.api.database.sql(dark).await;
    let drain = data(&world, &query).await["machineDrainPlan"].clone();
    assert_eq!(drain["waves"], json!([]));
    assert_eq!(drain["left"][0]["by"]["rule"], "UNREACHABLE");
    let query = format!("{{ fleetRebalancePlan(siteId: $site, mostMoves: 5) {plan} }}");
    let even = data(&world, &query).await["fleetRebalancePlan"].clone();
    assert_eq!(even["waves"], json!([]), "one machine is even");
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_cannot_be_answered_say_what_is_wrong() {
    let world = world().await;
    for (query, wanted) in [
        (
            "{ fleetRebalancePlan(siteId: $site, mostMoves: 501) { before } }",
            "INVALID_INPUT",
        ),
        (
            "{ machineDrainPlan(machineId: $machine, atOnce: 0) { before } }",
            "INVALID_INPUT",
        ),
        (
            "{ fleetRebalancePlan(siteId: $site, mostMemoryBytes: -1) { before } }",
            "INVALID_INPUT",
        ),
        ("{ fleetForecast(siteId: $plan) { mix } }", "INVALID_ID"),
        (
            "{ fleetSurvival(siteId: \"nothing\", domain: RACK) { kept } }",
            "INVALID_ID",
        ),
    ] {
        assert_eq!(code(&ask(&world, query).await), wanted, "{query}");
    }
    for query in [
        format!(
            "{{ fleetForecast(siteId: {:?}) {{ mix }} }}",
            unknown("Site")
        ),
        format!(
            "{{ placementPreview(siteId: {:?}, planId: $plan) {{ placement {{ text }} }} }}",
            unknown("Site")
        ),
        format!(
            "{{ placementPreview(siteId: $site, planId: {:?}) {{ placement {{ text }} }} }}",
            unknown("Plan")
        ),
        format!(
            "{{ machineDrainPlan(machineId: {:?}) {{ before }} }}",
            unknown("Machine")
        ),
        format!(
            "{{ placementPreview(siteId: $site, planId: $plan, tenantId: {:?}) {{ placement {{ text }} }} }}",
            unknown("Tenant")
        ),
    ] {
        assert_eq!(code(&ask(&world, &query).await), "NOT_FOUND", "{query}");
    }
    for (input, field) in [
        (json!({ "idempotencyKey": "a", "failures": 3 }), "failures"),
        (
            json!({ "idempotencyKey": "b", "tenantCap": 0 }),
            "tenantCap",
        ),
    ] {
        let set = policy_set(&world, input).await;
        assert_eq!(set["placementPolicy"], Value::Null);
        assert_eq!(set["userErrors"][0]["field"], json!(["input", field]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storefront_is_told_what_would_help_its_order_and_nothing_of_any_machine() {
    let world = World::new().await;
    let query = "query($id: ID!) { node(id: $id) { ... on Operation { placement {
        candidates { machineName shortages { missing } } others { verdict machines text } remedies text } } } }";
    let id = json!({ "id": world.ids["Operation"] });
    let told = world.api.data(&world.shop_a, query, id.clone()).await;
    let expected = json!({
        "candidates": [],
        "others": [{ "verdict": "SHORT", "machines": 1, "text": "too little room" }],
        "remedies": ["SMALLER_PLAN"],
        "text": "1 machine: too little room",
    });
    assert_eq!(told["node"]["placement"], expected);
    let told = world.api.data(&world.platform, query, id).await;
    let candidate = &told["node"]["placement"]["candidates"][0];
    assert_eq!(candidate["machineName"], "m1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_what_no_order_could_be_is_refused_as_the_order_would_be() {
    let world = world().await;
    let version = &world.ids["ApplicationVersion"];
    let query = format!(
        "{{ placementPreview(siteId: $site, planId: $plan, applicationVersionId: {version:?}) {{
             placement {{ candidates {{ verdict }} }} }} }}"
    );
    let preview = data(&world, &query).await["placementPreview"].clone();
    assert_eq!(preview["placement"]["candidates"][0]["verdict"], "FITS");
    let large = format!(
        "UPDATE application_versions SET memory_bytes = {}",
        512 * GIB
    );
    world.api.database.sql(&large).await;
    let refused = ask(&world, &query).await;
    assert_eq!(code(&refused), "INVALID_INPUT");
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("this application needs 512 GiB"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_tells_in_which_sites_it_ends_all_sales() {
    let world = world().await;
    let query = "{ placementPolicy { sitesTooSmall { id } } }";
    let small = async || data(&world, query).await["placementPolicy"]["sitesTooSmall"].clone();
    assert_eq!(small().await, json!([]));
    for domain in ["MACHINE", "RACK"] {
        policy_set(
            &world,
            json!({ "idempotencyKey": domain, "survive": domain }),
        )
        .await;
        assert_eq!(
            small().await,
            json!([{ "id": world.ids["Site"] }]),
            "{domain}"
        );
    }
    policy_set(&world, json!({ "idempotencyKey": "none" })).await;
    assert_eq!(small().await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_plan_names_its_wave_and_move() {
    let world = world().await;
    let (vm, machine) = (&world.ids["VirtualMachine"], &world.ids["Machine"]);
    let one =
        |to: &str| json!({ "virtualMachineId": vm, "fromMachineId": machine, "toMachineId": to });
    let query = "mutation($input: FleetRebalanceApplyInput!) { fleetRebalanceApply(input: $input) {
        operation { id } userErrors { code field } } }";
    for (to, wanted) in [
        (unknown("Machine"), "NOT_FOUND"),
        (machine.clone(), "INVALID_INPUT"),
        ("x".to_owned(), "INVALID_ID"),
    ] {
        let input = json!({
            "idempotencyKey": "wrong",
            "siteId": world.ids["Site"],
            "waves": [{ "moves": [one(&unknown("Machine"))] }, { "moves": [one(&to)] }],
        });
        let first_is_wrong = wanted == "NOT_FOUND";
        let answer = world
            .api
            .ask(&world.platform, query, json!({ "input": input }))
            .await;
        let error = &answer["data"]["fleetRebalanceApply"]["userErrors"][0];
        assert_eq!(error["code"], wanted);
        let wave = if first_is_wrong { "0" } else { "1" };
        let field = json!(["input", "waves", wave, "moves", "0", "toMachineId"]);
        assert_eq!(error["field"], field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_has_not_begun_is_counted_cancelled_at_once_and_nobodys() {
    let world = World::with_two_machines().await;
    let to = world.second_machine.as_ref().unwrap();
    let one = json!({
        "virtualMachineId": world.ids["VirtualMachine"],
        "fromMachineId": world.ids["Machine"],
        "toMachineId": to,
    });
    let input = json!({
        "idempotencyKey": "even", "siteId": world.ids["Site"], "waves": [{ "moves": [one] }],
    });
    let query = "mutation($input: FleetRebalanceApplyInput!) { fleetRebalanceApply(input: $input) {
        operation { id state tenant { id } moveCounts { planned skipped } } } }";
    let variables = json!({ "input": input });
    let begun = world.api.data(&world.platform, query, variables).await;
    let operation = &begun["fleetRebalanceApply"]["operation"];
    assert_eq!(
        (&operation["state"], &operation["tenant"]),
        (&json!("PENDING"), &Value::Null)
    );
    assert_eq!(
        operation["moveCounts"],
        json!({ "planned": 1, "skipped": 0 })
    );

    let query = "mutation($input: OperationCancelInput!) { operationCancel(input: $input) {
        operation { state errorMessage moveCounts { planned skipped } moves { skipped hindrance { rule } } }
        userErrors { code field } } }";
    let cancel = async |key: &str| {
        let input = json!({ "idempotencyKey": key, "operationId": operation["id"] });
        let variables = json!({ "input": input });
        let answer = world.api.data(&world.platform, query, variables).await;
        answer["operationCancel"].clone()
    };
    let cancelled = cancel("first").await["operation"].clone();
    assert_eq!(cancelled["state"], "CANCELLED");
    assert_eq!(
        cancelled["errorMessage"],
        "Cancelled. What had not begun is left out."
    );
    assert_eq!(
        cancelled["moveCounts"],
        json!({ "planned": 0, "skipped": 1 })
    );
    assert_eq!(cancelled["moves"][0]["skipped"], "CANCELLED");
    let refused = cancel("again").await["userErrors"][0].clone();
    let wanted = json!({ "code": "WRONG_STATE", "field": ["input", "operationId"] });
    assert_eq!(refused, wanted);
}
