//! The data sets of `make bench-placement`, in small: what is right, not how fast.

#![expect(clippy::print_stdout, reason = "says what was left out")]

use std::{path::PathBuf, process::Command};

use berth_placement::{
    file::{GANETI_BALANCE, Loaded, from_ganeti},
    *,
};

fn folder(name: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var("BERTH_DATA").unwrap_or_else(|_| root.to_owned());
    let folder = PathBuf::from(root).join("placement").join(name);
    if !folder.is_dir() {
        println!("skipped: {} isn't there (BERTH_DATA)", folder.display());
    }
    folder.is_dir().then_some(folder)
}

#[test]
fn ganetis_clusters_get_as_even_as_whole_numbers_go() {
    let Some(folder) = folder("ganeti") else {
        return;
    };
    for (name, moves) in [("c20.data", 69), ("c40.data", 126)] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a file");
        let file = from_ganeti(&text).expect("Ganeti's format");
        let mut loaded = Loaded::new(&file).expect("a fleet");
        let plan = loaded.fleet.rebalance_plan(&Rebalance {
            balance: GANETI_BALANCE,
            least_gain: Balance::ONE / 1_000,
            ..Rebalance::default()
        });
        for wave in &plan.waves {
            let begun: Vec<VmNumber> = wave
                .iter()
                .map(|step| loaded.fleet.step_begin(step).expect("a step"))
                .collect();
            for hold in begun {
                loaded.fleet.step_end(hold);
            }
        }
        let counts: Vec<usize> = loaded
            .fleet
            .machines()
            .map(|machine| loaded.fleet.vms_of(machine).len())
            .collect();
        assert!(counts.iter().all(|count| *count == 15), "{counts:?}");
        // As many as are too many on a machine: no plan with even counts has fewer.
        assert_eq!(plan.moves(), moves);
        assert!(
            plan.after * 4 < Balance::ONE,
            "hbal leaves more than a quarter"
        );
    }
}

#[test]
fn as_many_more_fit_as_ganeti_says() {
    let Some(folder) = folder("ganeti") else {
        return;
    };
    // `hspace --standard-alloc=10g,8g,4 --disk-template=rbd --no-capacity-checks` of 3.0.2.
    for (name, more) in [("c20.data", 342), ("c40.data", 640)] {
        let text = std::fs::read_to_string(folder.join(name)).expect("a file");
        let file = from_ganeti(&text).expect("Ganeti's format");
        let mut loaded = Loaded::new(&file).expect("a fleet");
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[8_192, 4]);
        let need = Need {
            sizes,
            ..Need::default()
        };
        let need = loaded.fleet.need(need).expect("no nodes");
        let ask = Ask::plain(need, TenantNumber(0));
        assert_eq!(loaded.fleet.more(&ask, usize::MAX), more);
    }
}

#[test]
fn numa_requests_are_placed_without_overfilling_a_node() {
    let Some(folder) = folder("topology-aware") else {
        return;
    };
    let read = |name: &str| {
        let output = Command::new("gzip")
            .arg("-dc")
            .arg(folder.join(name))
            .output();
        String::from_utf8(output.expect("gzip").stdout).expect("text")
    };
    let numbers = |line: &str, count: usize| -> Vec<i64> {
        let columns = line.split(',').take(count);
        columns
            .map(|column| column.parse().expect("a number"))
            .collect()
    };
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let mut free = Vec::new();
    for line in read("PM_res.csv.gz").lines().skip(1).take(200) {
        let sizes = numbers(line, 4);
        let mut physical = [0; DIMENSIONS];
        physical[..2].copy_from_slice(&[sizes[1] + sizes[3], sizes[0] + sizes[2]]);
        let mut spec = MachineSpec::plain(rack, physical);
        spec.nodes = vec![(sizes[1], sizes[0]), (sizes[3], sizes[2])];
        fleet.machine_add(&spec).expect("two nodes");
        free.push([[sizes[1], sizes[0]], [sizes[3], sizes[2]]]);
    }
    let mut placed = 0;
    for line in read("VM_data_C1.csv.gz").lines().skip(1).take(1_000) {
        let asked = numbers(line, 3);
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[asked[1], asked[0]]);
        let nodes = u8::try_from(asked[2]).expect("few nodes");
        let need = Need {
            sizes,
            nodes,
            ..Need::default()
        };
        let need = fleet.need(need).expect("two nodes");
        let share = [asked[1] / asked[2], asked[0] / asked[2]];
        let fits = |node: &[i64; 2]| node[0] >= share[0] && node[1] >= share[1];
        match fleet.place(&Ask::plain(need, TenantNumber(0))) {
            Ok(decision) => {
                placed += 1;
                let machine = &mut free[decision.place.machine.index()];
                let mut used = 0;
                for (node, free) in machine.iter_mut().enumerate() {
                    if decision.place.nodes & (1 << node) != 0 {
                        assert!(fits(free), "room on the node");
                        free[0] -= share[0];
                        free[1] -= share[1];
                        used += 1;
                    }
                }
                assert_eq!(used, asked[2]);
            }
            Err(_) => {
                let enough = |machine: &[[i64; 2]; 2]| {
                    machine.iter().filter(|node| fits(node)).count() >= usize::from(nodes)
                };
                assert!(!free.iter().any(enough), "a refusal is one everywhere");
            }
        }
    }
    assert!(placed > 300);
}

#[test]
fn things_are_packed_into_bins_that_hold_them() {
    // Twelve of a third and twelve of two thirds fill twelve bins; a greedy start may need more.
    let mut things = vec![vec![33, 10]; 12];
    things.extend(vec![vec![66, 90]; 12]);
    let packing = pack(&things, &[100, 100], 1_000);
    assert_eq!((packing.bins.len(), packing.bound), (12, 12));
    for bin in &packing.bins {
        let filled = |lane: usize| bin.iter().map(|thing| things[*thing][lane]).sum::<i64>();
        assert!(filled(0) <= 100 && filled(1) <= 100);
    }
}
