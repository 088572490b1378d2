//! Requests with NUMA nodes and groups, from Huawei's trace, until all have been asked.

use std::{collections::BTreeMap, time::Instant};

use berth_placement::*;

use crate::{
    data::{folder, unpacked},
    line,
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
        let start = Instant::now();
        let placed = place(&mut fleet, &requests);
        let time = start.elapsed().as_secs_f64();
        let plain = first_fit(&machines, &racks, &requests);
        line(
            &format!("topology-aware, {name}: placed of {}", requests.len()),
            &format!("{placed}"),
            &format!(
                "first fit {plain}; {:.1} µs each",
                time * 1e6 / requests.len() as f64
            ),
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
fn place(fleet: &mut Fleet, requests: &[Vec<&str>]) -> usize {
    let mut groups: BTreeMap<(String, String), GroupNumber> = BTreeMap::new();
    let mut placed = 0;
    for request in requests {
        let number = |at: usize| request[at].parse::<i64>().expect("a number");
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[number(1), number(0)]);
        let nodes = u8::try_from(number(2)).expect("few nodes");
        let need = fleet
            .need(Need {
                sizes,
                nodes,
                ..Need::default()
            })
            .expect("two nodes");
        let mut ask = Ask::plain(need, TenantNumber(0));
        if let Some(spec) = relation(request[3]) {
            let key = (request[3].to_owned(), request[4].to_owned());
            let group = *groups.entry(key).or_insert_with(|| fleet.group_add(spec));
            ask = ask.of(group);
        }
        placed += usize::from(fleet.place(&ask).is_ok());
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

/// The first machine in order that the engine itself says is fit.
fn first_fit(machines: &str, racks: &[u32], requests: &[Vec<&str>]) -> usize {
    let fleet = fleet(machines, racks);
    let plain: Vec<RackNumber> = fleet
        .machines()
        .map(|machine| fleet.rack(machine))
        .collect();
    plain::first_fit(machines, &plain, requests)
}

mod plain {
    //! First fit, written down on its own: it shares nothing with the engine.

    use std::collections::BTreeMap;

    use berth_placement::RackNumber;

    type Members = BTreeMap<(String, String), Vec<usize>>;

    pub fn first_fit(machines: &str, racks: &[RackNumber], requests: &[Vec<&str>]) -> usize {
        let mut free: Vec<[(i64, i64); 2]> = machines
            .lines()
            .skip(1)
            .map(|line| {
                let free: Vec<i64> = line
                    .split(',')
                    .map(|text| text.parse().expect("a number"))
                    .collect();
                [(free[0], free[1]), (free[2], free[3])]
            })
            .collect();
        let mut members = Members::new();
        let mut placed = 0;
        for request in requests {
            let number = |at: usize| request[at].parse::<i64>().expect("a number");
            let (vcpus, memory, nodes) = (number(0), number(1), number(2));
            let key = (request[3].to_owned(), request[4].to_owned());
            let none = Vec::new();
            let others = members.get(&key).unwrap_or(&none);
            let found = (0..free.len()).find(|machine| {
                let allowed = match request[3] {
                    "affinity" => others.iter().all(|other| other == machine),
                    "anti-affinity" => others.iter().all(|other| other != machine),
                    "fault_domain" => others.iter().all(|other| racks[*other] != racks[*machine]),
                    _ => true,
                };
                allowed && room(&free[*machine], vcpus, memory, nodes).is_some()
            });
            let Some(machine) = found else { continue };
            for node in room(&free[machine], vcpus, memory, nodes).expect("room") {
                free[machine][node].0 -= vcpus / nodes;
                free[machine][node].1 -= memory / nodes;
            }
            if !request[3].is_empty() {
                members.entry(key).or_default().push(machine);
            }
            placed += 1;
        }
        placed
    }

    fn room(free: &[(i64, i64); 2], vcpus: i64, memory: i64, nodes: i64) -> Option<Vec<usize>> {
        let fits = |node: &usize| free[*node].0 >= vcpus / nodes && free[*node].1 >= memory / nodes;
        let fitting: Vec<usize> = (0..2).filter(fits).take(nodes as usize).collect();
        (fitting.len() == nodes as usize).then_some(fitting)
    }
}
