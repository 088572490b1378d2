//! The rules of the topology-aware data, written down on their own: nothing is shared with the engine.

use std::collections::BTreeMap;

/// What is free, and where the members of groups are.
pub struct Plain {
    /// By machine: vCPUs and memory of its two nodes.
    free: Vec<[(i64, i64); 2]>,
    racks: Vec<u32>,
    members: BTreeMap<(String, String), Vec<usize>>,
}

impl Plain {
    pub fn new(machines: &str, racks: &[u32]) -> Self {
        let free = machines.lines().skip(1).map(|line| {
            let free: Vec<i64> = line
                .split(',')
                .map(|text| text.parse().expect("a number"))
                .collect();
            [(free[0], free[1]), (free[2], free[3])]
        });
        Self {
            free: free.collect(),
            racks: racks.to_vec(),
            members: BTreeMap::new(),
        }
    }

    /// The first machine that may take it, with its nodes as bits.
    pub fn first(&self, request: &[&str]) -> Option<(usize, u8)> {
        let found = (0..self.free.len()).filter(|machine| self.allows(*machine, request));
        found
            .filter_map(|machine| Some((machine, self.room(machine, request)?)))
            .next()
    }

    fn allows(&self, machine: usize, request: &[&str]) -> bool {
        let key = (request[3].to_owned(), request[4].to_owned());
        let mut others = self.members.get(&key).into_iter().flatten();
        match request[3] {
            "affinity" => others.all(|other| *other == machine),
            "anti-affinity" => others.all(|other| *other != machine),
            "fault_domain" => others.all(|other| self.racks[*other] != self.racks[machine]),
            _ => true,
        }
    }

    fn room(&self, machine: usize, request: &[&str]) -> Option<u8> {
        let (vcpus, memory, nodes) = sizes(request);
        let free = &self.free[machine];
        let fits = |node: &usize| free[*node].0 * nodes >= vcpus && free[*node].1 * nodes >= memory;
        let fitting: Vec<usize> = (0..2).filter(fits).take(nodes as usize).collect();
        let bits = fitting.iter().fold(0, |bits, node| bits | 1 << node);
        (fitting.len() == nodes as usize).then_some(bits)
    }

    /// It goes there, which has to be right.
    pub fn take(&mut self, machine: usize, nodes: u8, request: &[&str]) {
        assert!(self.allows(machine, request), "a group is kept");
        let (vcpus, memory, count) = sizes(request);
        assert_eq!(
            i64::from(nodes.count_ones()),
            count,
            "as many nodes as asked"
        );
        for node in (0..2).filter(|node| nodes & (1 << node) != 0) {
            let free = &mut self.free[machine][node];
            free.0 -= vcpus / count;
            free.1 -= memory / count;
            assert!(free.0 >= 0 && free.1 >= 0, "a node is not overfull");
        }
        if !request[3].is_empty() {
            let key = (request[3].to_owned(), request[4].to_owned());
            self.members.entry(key).or_default().push(machine);
        }
    }
}

fn sizes(request: &[&str]) -> (i64, i64, i64) {
    let number = |at: usize| request[at].parse::<i64>().expect("a number");
    (number(0), number(1), number(2))
}
