//! Whatever is in a file, reading it ends with a fleet or with what is wrong.

use berth_placement::file::{Ends, FleetFile, Loaded, from_ganeti};
use proptest::prelude::*;

use super::{FLEET, ganeti::GANETI, loaded};

/// Text with a part that is cut out, given twice, or put in place of another.
fn mangled(text: &'static str) -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "",
        "|",
        "\n",
        "\n\n",
        ",",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "?",
        "Y",
        "null",
        "0",
        "é",
        "\u{1b}",
    ]);
    let change = (0..text.len(), 0..12usize, pieces);
    prop::collection::vec(change, 1..6).prop_map(|changes| {
        let mut text = text.to_owned();
        for (at, length, piece) in changes {
            let mut at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let mut end = (at + length).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.replace_range(at..end, piece);
        }
        text
    })
}

/// What loads can be worked with.
fn use_it(file: &FleetFile) {
    let Ok(mut loaded) = Loaded::new(file) else {
        return;
    };
    for (_, ask, _) in loaded.plans.clone() {
        let _ = loaded.fleet.preview(&ask);
        let _ = loaded.fleet.explain(&ask);
        let _ = loaded.fleet.more(&ask, 10);
    }
    let _ = loaded
        .fleet
        .consolidate_plan(berth_placement::Limits::default());
    let _ = loaded
        .fleet
        .rebalance_plan(&berth_placement::Rebalance::default());
}

proptest! {
    #[test]
    fn ganetis_text_is_read_to_its_end(text in ".{0,200}") {
        let _ = from_ganeti(&text);
    }

    #[test]
    fn mangled_text_of_ganeti_is_read_to_its_end(text in mangled(GANETI)) {
        if let Ok(file) = from_ganeti(&text) {
            use_it(&file);
        }
    }

    #[test]
    fn mangled_json_is_read_to_its_end(text in mangled(FLEET)) {
        if let Ok(file) = serde_json::from_str(&text) {
            use_it(&file);
        }
    }

    #[test]
    fn a_mangled_trace_is_read_to_its_end(text in mangled("start,end,plan,tenant\n0,10,small,a\n1,,large,\n5,6,small,b\n")) {
        let mut loaded = loaded(FLEET).expect("a fleet");
        if let Ok(trace) = loaded.trace(&text, Ends::Known) {
            loaded.fleet.simulate(&trace.arrivals);
        }
    }

    #[test]
    fn a_trace_is_read_to_its_end(text in "[-0-9a-z, \n]{0,80}") {
        let _ = loaded(FLEET).expect("a fleet").trace(&text, Ends::Unknown);
    }
}
