//! Requests with NUMA nodes and groups, from Huawei's trace, until all have been asked.

use std::{collections::BTreeMap, process::Command, time::Instant};

use berth_placement::*;

use crate::{
    data::{folder, unpacked},
    line,
    plain::Plain,
};

pub fn run() {
    let Some(folder) = folder("topology-aware") else {
        return;
    };
    let racks: Vec<u32> = unpacked(&folder.join("topology_provider.csv.gz"))
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .nth(1)
                .expect("a rack")
                .parse::<f64>()
                .expect("a number") as u32
        })
        .collect();
    let machines = unpacked(&folder.join("PM_res.csv.gz"));
    for name in ["C1", "C2"] {
        let requests = unpacked(&folder.join(format!("VM_data_{name}.csv.gz")));
        let requests: Vec<Vec<&str>> = requests
            .lines()
            .skip(1)
            .map(|line| line.split(',').collect())
            .collect();
        let mut fleet = fleet(&machines, &racks);
        let mut plain = Plain::new(&machines, &racks);
        let (placed, time) = place(&mut fleet, &mut plain, &requests);
        let first_fit = first_fit(Plain::new(&machines, &racks), &requests);
        let count = requests.len();
        line(
            &format!("topology-aware, {name}: placed of {count}"),
            &format!("{placed}"),
            &format!(
                "first fit {first_fit}; {:.1} µs each; no place breaks a rule, and no machine would have taken \
                 any of the {} that were refused",
                time * 1e6 / count as f64,
                count - placed
            ),
        );
    }
}

/// The same with all requests known beforehand, by HiGHS.
pub fn reference() {
    let Some(folder) = folder("topology-aware") else {
        return;
    };
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for name in ["C1", "C2"] {
        let output = Command::new(format!("{root}/var/highs/bin/python"))
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/placement/reference.py"
            ))
            .arg(&folder)
            .args([name, "60"])
            .output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let text = text.unwrap_or_default();
        let last = text.lines().last().unwrap_or_default();
        let numbers: Vec<&str> = last.split(' ').collect();
        let (reached, beside) = match numbers.as_slice() {
            [bound, solved, kept, seconds] => (
                kept.to_string(),
                format!("without groups {solved}, bound {bound}; {seconds} s"),
            ),
            _ => (
                "HiGHS isn't there".to_owned(),
                "python3 -m venv var/highs; var/highs/bin/pip install highspy numpy".to_owned(),
            ),
        };
        line(
            &format!("topology-aware, {name}: HiGHS, rounded"),
            &reached,
            &beside,
        );
    }
}

fn fleet(machines: &str, racks: &[u32]) -> Fleet {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    for _ in 0..=racks.iter().copied().max().unwrap_or(0) {
        fleet.rack_add(site);
    }
    for (line, rack) in machines.lines().skip(1).zip(racks) {
        let free: Vec<i64> = line
            .split(',')
            .map(|text| text.parse().expect("a number"))
            .collect();
        let mut physical = [0; DIMENSIONS];
        physical[..2].copy_from_slice(&[free[1] + free[3], free[0] + free[2]]);
        let mut spec = MachineSpec::plain(RackNumber(*rack), physical);
        spec.nodes = vec![(free[1], free[0]), (free[3], free[2])];
        fleet.machine_add(&spec).expect("two nodes");
    }
    fleet
}

/// Each request with its groups: affinity is for one machine; anti-affinity for different machines;
/// a fault domain is a rack, and members of different domains are in different ones.
fn place(fleet: &mut Fleet, plain: &mut Plain, requests: &[Vec<&str>]) -> (usize, f64) {
    let mut groups: BTreeMap<(String, String), GroupNumber> = BTreeMap::new();
    let (mut placed, mut time) = (0, 0.0);
    for request in requests {
        let number = |at: usize| request[at].parse::<i64>().expect("a number");
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[number(1), number(0)]);
        let nodes = u8::try_from(number(2)).expect("few nodes");
        let need = Need {
            sizes,
            nodes,
            ..Need::default()
        };
        let mut ask = Ask::plain(fleet.need(need).expect("two nodes"), TenantNumber(0));
        if let Some(spec) = relation(request[3]) {
            let key = (request[3].to_owned(), request[4].to_owned());
            let group = *groups.entry(key).or_insert_with(|| fleet.group_add(spec));
            ask = ask.of(group);
        }
        let start = Instant::now();
        let decision = fleet.place(&ask);
        time += start.elapsed().as_secs_f64();
        match decision {
            Ok(Placed { place, .. }) => {
                plain.take(place.machine.index(), place.nodes, request);
                placed += 1;
            }
            Err(_) => assert_eq!(plain.first(request), None, "a machine would take it"),
        }
    }
    (placed, time)
}

fn first_fit(mut plain: Plain, requests: &[Vec<&str>]) -> usize {
    let mut placed = 0;
    for request in requests {
        if let Some((machine, nodes)) = plain.first(request) {
            plain.take(machine, nodes, request);
            placed += 1;
        }
    }
    placed
}

fn relation(strategy: &str) -> Option<GroupSpec> {
    let spec = |relation, domain| {
        Some(GroupSpec {
            relation,
            domain,
            is_hard: true,
        })
    };
    match strategy {
        "affinity" => spec(Relation::Together, Domain::Machine),
        "anti-affinity" => spec(Relation::Apart { most: 1 }, Domain::Machine),
        "fault_domain" => spec(Relation::Apart { most: 1 }, Domain::Rack),
        _ => None,
    }
}
