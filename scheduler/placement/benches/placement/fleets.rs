//! Fleets made from the sizes that Azure sold in 2017.

use berth_placement::*;

/// vCPUs and GiB in quarters, and how often.
const FLAVOURS: &[(i64, i64, usize)] = &[
    (1, 7, 45),
    (1, 3, 8),
    (2, 14, 22),
    (4, 28, 12),
    (8, 56, 6),
    (2, 56, 2),
    (4, 112, 2),
    (8, 224, 1),
    (16, 448, 1),
    (1, 8, 1),
];

/// Numbers that look random and are the same each time (splitmix64).
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}

/// Everything on: four dimensions, overcommit, labels, taints, processors, racks, groups, a cap per
/// tenant, and room for the failure of any machine.
#[derive(Clone)]
pub struct Big {
    pub fleet: Fleet,
    pub needs: Vec<NeedNumber>,
    pub groups: Vec<GroupNumber>,
    pub dice: Dice,
}

pub fn big(machines: usize, survive: Option<Survive>) -> Big {
    let policy = Policy {
        survive,
        tenant_cap: Some(8),
        spread: false,
    };
    let mut fleet = Fleet::new(policy);
    let disk = fleet.dimension("disk:ssd").unwrap();
    let address = fleet.dimension("ipv4").unwrap();
    let (fast, odd) = (fleet.label("fast"), fleet.label("odd"));
    let image = fleet.image("debian-12");
    let sites = [fleet.site_add(), fleet.site_add()];
    for number in 0..machines {
        if number % 20 == 0 {
            fleet.rack_add(sites[number / 20 % 2]);
        }
        let mut physical = [0; DIMENSIONS];
        physical[..2].copy_from_slice(&[256 * 4, 64 * 4]);
        physical[disk] = 8_000;
        physical[address] = 200;
        let mut spec = MachineSpec::plain(RackNumber((number / 20) as u32), physical);
        spec.overcommit[1] = 1_500;
        spec.reserve[0] = 16;
        spec.cpu = if number % 3 == 0 {
            CpuLevel::V4
        } else {
            CpuLevel::V3
        };
        spec.labels = (number % 2 == 0).then_some(fast).into_iter().collect();
        spec.taints = (number % 50 == 49).then_some(odd).into_iter().collect();
        spec.images = (number % 4 != 0).then_some(image).into_iter().collect();
        fleet.machine_add(&spec).unwrap();
    }
    let mut needs = Vec::new();
    for (number, (vcpus, memory, often)) in FLAVOURS.iter().enumerate() {
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[*memory, *vcpus * 4]);
        sizes[disk] = 20 * *vcpus;
        sizes[address] = 1;
        let need = Need {
            sizes,
            labels: (number % 4 == 1).then_some(fast).into_iter().collect(),
            cpu: CpuLevel::V2,
            image: Some(image),
            ..Need::default()
        };
        let need = fleet.need(need).unwrap();
        needs.extend(std::iter::repeat_n(need, *often));
    }
    let groups = (0..machines).map(|_| {
        fleet.group_add(GroupSpec {
            relation: Relation::Apart { most: 1 },
            domain: Domain::Machine,
            is_hard: true,
        })
    });
    let groups = groups.collect();
    Big {
        fleet,
        needs,
        groups,
        dice: Dice(7),
    }
}

/// Equal machines, and sizes of a tenth to a half of one.
pub fn odd(machines: usize) -> Big {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let mut sizes = [0; DIMENSIONS];
    sizes[..2].copy_from_slice(&[1_024, 256]);
    for _ in 0..machines {
        let spec = MachineSpec::plain(rack, sizes);
        fleet.machine_add(&spec).expect("no nodes");
    }
    let mut dice = Dice(7);
    let mut need = |_| {
        let (memory, vcpus) = (100 + dice.roll(400), 20 + dice.roll(110));
        sizes[..2].copy_from_slice(&[memory as i64, vcpus as i64]);
        let need = Need {
            sizes,
            ..Need::default()
        };
        fleet.need(need).expect("no nodes")
    };
    let needs = (0..40).map(&mut need).collect();
    let apart = GroupSpec {
        relation: Relation::Apart { most: 1 },
        domain: Domain::Machine,
        is_hard: true,
    };
    let groups = (0..machines).map(|_| fleet.group_add(apart)).collect();
    Big {
        fleet,
        needs,
        groups,
        dice,
    }
}

impl Big {
    /// One in five is in a group of about four.
    pub fn ask(&mut self) -> Ask {
        let need = self.needs[self.dice.roll(self.needs.len())];
        let tenant = TenantNumber(self.dice.roll(self.groups.len() * 4) as u32);
        let ask = Ask::plain(need, tenant);
        if self.dice.roll(5) > 0 {
            return ask;
        }
        ask.of(self.groups[self.dice.roll(self.groups.len())])
    }

    /// Until this part of all memory, in hundredths, is used.
    pub fn fill(&mut self, part: i64) {
        let all: i64 = self
            .fleet
            .machines()
            .map(|machine| self.fleet.limit(machine)[0])
            .sum();
        let mut used = 0;
        let mut refused = 0;
        while used * 100 < all * part && refused < 100 {
            let ask = self.ask();
            match self.fleet.place(&ask) {
                Ok(_) => used += self.fleet.need_of(ask.need).sizes[0],
                Err(_) => refused += 1,
            }
        }
    }
}
