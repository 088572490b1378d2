//! What is remembered between decisions changes none of them, in fleets large enough for several levels of
//! the tree that remembers.

use berth_placement::*;

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}

const MACHINES: usize = 300;

fn fleet(survive: Option<Survive>) -> Fleet {
    let mut fleet = Fleet::new(Policy {
        survive,
        tenant_cap: Some(2),
        spread: false,
    });
    let site = fleet.site_add();
    for number in 0..MACHINES {
        if number % 10 == 0 {
            fleet.rack_add(site);
        }
        let mut physical = [0; DIMENSIONS];
        physical[..2].copy_from_slice(&[64 + (number % 3) as i64 * 32, 32]);
        let rack = RackNumber::at(number / 10);
        let mut spec = MachineSpec::plain(rack, physical);
        if number % 4 == 0 {
            spec.nodes = vec![(physical[0] / 2, 16); 2];
        }
        fleet.machine_add(&spec).expect("two nodes");
    }
    fleet
}

fn asks(fleet: &mut Fleet) -> Vec<Ask> {
    let groups = [
        (Relation::Apart { most: 1 }, Domain::Machine, true),
        (Relation::Apart { most: 2 }, Domain::Rack, false),
        (Relation::Together, Domain::Rack, true),
        (Relation::Together, Domain::Rack, false),
    ]
    .map(|(relation, domain, is_hard)| {
        fleet.group_add(GroupSpec {
            relation,
            domain,
            is_hard,
        })
    });
    let mut asks = Vec::new();
    for (number, (memory, vcpus, nodes)) in
        [(2, 1, 0), (8, 2, 0), (16, 12, 0), (24, 8, 2), (6, 6, 1)]
            .into_iter()
            .enumerate()
    {
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[memory, vcpus]);
        let need = Need {
            sizes,
            nodes,
            ..Need::default()
        };
        let need = fleet.need(need).expect("two nodes");
        let plain = Ask::plain(need, TenantNumber::at(number));
        asks.push(plain);
        asks.extend(groups.map(|group| plain.of(group)));
    }
    asks
}

/// The best of what `explain` says, which looks at every machine and remembers nothing.
fn best(fleet: &mut Fleet, ask: &Ask) -> Option<(i64, MachineNumber)> {
    let explained = fleet.explain(ask);
    let fitting = fleet
        .machines()
        .zip(explained)
        .filter_map(|(machine, one)| match one {
            Explained::Fits { score } => Some((score, machine)),
            Explained::Refused(_) => None,
        });
    fitting.min()
}

#[test]
fn decisions_are_those_of_all_machines_looked_at() {
    for survive in [None, Some(Survive::MACHINE), Some(Survive::RACK)] {
        let mut fleet = fleet(survive);
        let asks = asks(&mut fleet);
        let mut dice = Dice(3);
        let mut placed: Vec<VmNumber> = Vec::new();
        for _ in 0..700 {
            let mut ask = asks[dice.roll(asks.len())];
            ask.tenant = TenantNumber::at(dice.roll(400));
            let best = best(&mut fleet, &ask);
            let decision = fleet.place(&ask);
            let chosen = decision.map(|placed| (placed.score, placed.place.machine));
            if best.is_some() || survive.is_none() {
                assert_eq!(chosen.ok(), best);
            }
            placed.extend(decision.map(|placed| placed.vm));
            match dice.roll(10) {
                0..4 if !placed.is_empty() => {
                    fleet.vm_remove(placed.swap_remove(dice.roll(placed.len())));
                }
                4 => {
                    let state = [State::Active, State::Draining][dice.roll(2)];
                    fleet.state_set(MachineNumber::at(dice.roll(MACHINES)), state);
                    fleet.protect();
                }
                _ => {}
            }
        }
        assert!(placed.len() > 250, "{}", placed.len());
    }
}
