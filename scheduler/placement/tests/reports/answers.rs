//! Questions about a fleet as it is.

use berth_placement::{
    Domain,
    report::{ExplainReport, ForecastReport, Order, PlaceReport, Question, Report, SurviveReport},
};
use insta::{assert_json_snapshot, assert_snapshot};

use super::{EXAMPLE, fleet, loaded, text, vm};

fn question(plan: &str) -> Question {
    Question {
        plan: plan.to_owned(),
        ..Question::default()
    }
}

#[test]
fn an_explanation_tells_each_machine_and_why_one_is_chosen() {
    let mut loaded = loaded(EXAMPLE);
    let report = ExplainReport::new(&mut loaded, &question("large")).expect("a plan");
    assert_snapshot!(text(&report));
    assert_json_snapshot!(report);
}

#[test]
fn a_brief_explanation_counts_machines_by_reason() {
    let mut loaded = loaded(EXAMPLE);
    let brief = Question {
        is_brief: true,
        groups: vec!["pair".to_owned()],
        tenant: Some("a".to_owned()),
        ..question("small")
    };
    let report = ExplainReport::new(&mut loaded, &brief).expect("a plan");
    assert_snapshot!(text(&report));
    assert_eq!(report.machines, []);
    let unknown = Question {
        groups: vec!["none".to_owned()],
        ..question("small")
    };
    let error = ExplainReport::new(&mut loaded, &unknown).expect_err("no group");
    assert_eq!(error, "There is no group \"none\".");
}

#[test]
fn everything_that_is_short_is_told_and_states_are_no_advice() {
    let mut loaded = fleet(
        &[("m1", 4)],
        r#""plans": [{"name": "p", "sizes": {"memory": 8, "vcpus": 120}},
            {"name": "n", "sizes": {"memory": 2, "vcpus": 2}, "nodes": 1}]"#,
    );
    let report = ExplainReport::new(&mut loaded, &question("p")).expect("a plan");
    assert_eq!(text(&report), "m1: 4 of memory and 20 of vcpus short");
    let machine = loaded.machine("m1").expect("a machine");
    loaded
        .fleet
        .state_set(machine, berth_placement::State::Draining);
    let report = ExplainReport::new(&mut loaded, &question("n")).expect("a plan");
    assert_eq!(text(&report), "m1: draining");
}

#[test]
fn a_numa_node_tells_how_much_it_is_short() {
    let mut loaded = loaded(
        r#"{"machines": [{"name": "m1", "physical": {"memory": 64, "vcpus": 16},
            "nodes": [{"memory": 32, "vcpus": 8}, {"memory": 32, "vcpus": 8}]}],
          "plans": [{"name": "wide", "sizes": {"memory": 40, "vcpus": 8}, "nodes": 1}]}"#,
    );
    let report = ExplainReport::new(&mut loaded, &question("wide")).expect("a plan");
    assert_eq!(
        text(&report).lines().next(),
        Some("m1: 1 more of its NUMA nodes would need room: 8 of memory short there")
    );
}

#[test]
fn what_has_no_place_to_be_restarted_fits_without_one() {
    let mut loaded = fleet(
        &[("m1", 8), ("m2", 2)],
        r#""survive": {"domain": "machine"},
          "plans": [{"name": "p", "sizes": {"memory": 4, "vcpus": 1}}]"#,
    );
    let report = ExplainReport::new(&mut loaded, &question("p")).expect("a plan");
    assert_snapshot!(text(&report));
}

#[test]
fn what_is_placed_takes_room_from_what_follows() {
    let mut loaded = loaded(EXAMPLE);
    let ask = loaded
        .ask("small", None, &["pair".to_owned()])
        .expect("a plan");
    let order = Order::of("small", ask, 3);
    let report = PlaceReport::new(&mut loaded, &order);
    assert_snapshot!(text(&report));
    assert_json_snapshot!(report);
    let again = PlaceReport::new(&mut loaded, &order);
    assert_eq!(again, report, "nothing has changed");
}

#[test]
fn what_waits_in_the_file_is_placed_by_its_name() {
    let mut loaded = fleet(
        &[("m1", 8)],
        r#""plans": [{"name": "p", "sizes": {"memory": 6}}],
          "vms": [{"name": "a", "plan": "p"}, {"name": "b", "plan": "p"}]"#,
    );
    let order = Order {
        asks: loaded.pending.clone(),
        ..Order::default()
    };
    let report = PlaceReport::new(&mut loaded, &order);
    assert_eq!(
        text(&report),
        "a: m1\nno place: b (m1: 4 of memory short)\n1 of 2 placed"
    );
    let none = PlaceReport::new(&mut loaded, &Order::default());
    assert_eq!(text(&none), "Nothing waits for a place.");
}

#[test]
fn all_or_none_is_none_where_one_has_no_place() {
    let mut loaded = fleet(
        &[("m1", 8), ("m2", 8)],
        r#""plans": [{"name": "p", "sizes": {"memory": 6, "vcpus": 1}}]"#,
    );
    let ask = loaded.ask("p", None, &[]).expect("a plan");
    let mut order = Order::of("p", ask, 3);
    order.is_all_or_none = true;
    let report = PlaceReport::new(&mut loaded, &order);
    assert_eq!(
        text(&report),
        "no place: p 3 (2 machines: 4 of memory short, nearest on m1)\n\
         None is placed, since not all have a place."
    );
    assert_eq!(
        report.complaint().as_deref(),
        Some("1 virtual machine has no place")
    );
}

#[test]
fn a_forecast_names_what_ends_the_mix_and_what_fits_nowhere() {
    let mut loaded = loaded(EXAMPLE);
    let report = ForecastReport::new(&mut loaded).expect("few nodes");
    assert_snapshot!(text(&report));
    assert_json_snapshot!(report);
}

#[test]
fn survival_is_asked_of_what_the_file_wants() {
    let text_of = |survive: &str, asked| {
        let file = EXAMPLE.replace(r#""survive": { "domain": "machine" }"#, survive);
        text(&SurviveReport::new(&mut loaded(&file), asked, false))
    };
    assert_snapshot!("racks", text_of(r#""survive": { "domain": "rack" }"#, None));
    assert_snapshot!(
        "pairs",
        text_of(r#""survive": { "domain": "machine", "failures": 2 }"#, None)
    );
    assert_snapshot!(
        "sites",
        text_of(r#""survive": { "domain": "rack" }"#, Some(Domain::Site))
    );
    let mut one = loaded(EXAMPLE);
    assert_json_snapshot!(SurviveReport::new(&mut one, None, false));
}

#[test]
fn what_has_failed_already_is_not_lost_again() {
    let vms = [vm("a", "p", "m1"), vm("b", "p", "m2"), vm("c", "q", "m1")];
    let mut loaded = fleet(
        &[("m1", 16), ("m2", 8), ("m3", 8)],
        &format!(
            r#""plans": [{{"name": "p", "sizes": {{"memory": 4}}}},
                {{"name": "q", "sizes": {{"memory": 10}}}}], "vms": [{}]"#,
            vms.join(", ")
        ),
    );
    let failed = loaded.machine("m1").expect("a machine");
    loaded
        .fleet
        .state_set(failed, berth_placement::State::Failed);
    let report = SurviveReport::new(&mut loaded, None, false);
    assert_snapshot!(text(&report));
    let losing = report.survivals.iter().filter(|one| !one.lost.is_empty());
    assert_eq!(losing.count(), 0, "only m1 has lost something");
}

#[test]
fn a_fleet_that_keeps_too_little_is_warned_of() {
    let vms = [vm("a", "p", "m1"), vm("b", "p", "m2")];
    let loaded = fleet(
        &[("m1", 8), ("m2", 8)],
        &format!(
            r#""survive": {{"domain": "machine"}},
              "plans": [{{"name": "p", "sizes": {{"memory": 6}}}}], "vms": [{}]"#,
            vms.join(", ")
        ),
    );
    assert_eq!(
        loaded.warnings(),
        ["2 virtual machines have no place after a failure now: a, b"]
    );
}
