//! Balancing, beside Ganeti's `hbal`, both scored by `hbal -l 0`.

use std::{process::Command, time::Instant};

use berth_placement::{file::*, *};

use crate::{data::folder, fleets::Dice, line};

pub fn run() {
    large();
    let Some(folder) = folder("ganeti") else {
        return;
    };
    for (name, theirs) in [
        ("c20.data", "0.2956 in 69 moves"),
        ("c40.data", "0.2819 in 126 moves"),
    ] {
        let file = folder.join(name);
        let text = std::fs::read_to_string(&file).expect("a file");
        let mut loaded =
            Loaded::new(&from_ganeti(&text).expect("Ganeti's format")).expect("a fleet");
        let wanted = Rebalance {
            balance: GANETI_BALANCE,
            least_gain: Balance::ONE / 1_000,
            ..Rebalance::default()
        };
        let start = Instant::now();
        let plan = loaded.fleet.rebalance_plan(&wanted);
        let time = start.elapsed().as_secs_f64() * 1e3;
        let score = score(&moved(&text, &loaded, &plan)).unwrap_or_else(|| "no hbal".to_owned());
        line(
            &format!("rebalance, {name}: Ganeti's score"),
            &format!("{score} in {} moves", plan.moves()),
            &format!(
                "hbal {theirs}; {time:.0} ms (aim 100), {} waves",
                plan.waves.len()
            ),
        );
    }
}

/// The file with instances where they are after the plan.
fn moved(text: &str, loaded: &Loaded, plan: &Plan) -> String {
    let mut free: Vec<i64> = vec![0; loaded.machines.len()];
    let mut at: Vec<Option<usize>> = vec![None; loaded.vms.len()];
    for step in plan.steps() {
        let memory = loaded
            .fleet
            .need_of(loaded.fleet.ask_of(step.vm).need)
            .sizes[0];
        free[step.from.machine.index()] += memory;
        free[step.to.machine.index()] -= memory;
        at[step.vm.index()] = Some(step.to.machine.index());
    }
    let mut section = 0;
    let (mut node, mut vm) = (0, 0);
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut columns: Vec<String> = line.split('|').map(str::to_owned).collect();
        match (line.is_empty(), section) {
            (true, _) => section += 1,
            (false, 1) => {
                columns[3] = (columns[3].parse::<i64>().expect("memory") + free[node]).to_string();
                node += 1;
            }
            (false, 2) => {
                if let Some(machine) = at[vm] {
                    columns[6].clone_from(&loaded.machines[machine]);
                }
                vm += 1;
            }
            _ => {}
        }
        lines.push(columns.join("|"));
    }
    lines.join("\n") + "\n"
}

fn score(text: &str) -> Option<String> {
    let file = std::env::temp_dir().join(format!("berth-hbal-{}", std::process::id()));
    std::fs::write(&file, text).expect("a file");
    let output = Command::new("hbal")
        .arg("-t")
        .arg(&file)
        .args(["-l", "0", "-v"])
        .output();
    std::fs::remove_file(&file).expect("the file");
    let text = String::from_utf8_lossy(&output.ok()?.stdout).into_owned();
    let (_, score) = text.split_once("Initial score: ")?;
    Some(score.split_whitespace().next()?.get(..6)?.to_owned())
}

/// Where `hbal` doesn't finish.
fn large() {
    let mut fleet = Fleet::new(Policy::default());
    let site = fleet.site_add();
    let rack = fleet.rack_add(site);
    let mut physical = [0; DIMENSIONS];
    physical[..2].copy_from_slice(&[262_144, 256]);
    for _ in 0..1_000 {
        fleet
            .machine_add(&MachineSpec::plain(rack, physical))
            .expect("no nodes");
    }
    let mut dice = Dice(7);
    let sizes = [(2_048, 2), (4_096, 2), (8_192, 4), (16_384, 8)];
    let mut count = 0;
    while count < 15_000 {
        let (memory, vcpus) = sizes[dice.roll(sizes.len())];
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[memory, vcpus]);
        let need = fleet
            .need(Need {
                sizes,
                ..Need::default()
            })
            .expect("no nodes");
        let machine = MachineNumber::at(dice.roll(1_000));
        if fleet.limit(machine)[0] - fleet.used(machine)[0] >= memory {
            fleet.vm_found(
                Ask::plain(need, TenantNumber(0)),
                Place { machine, nodes: 0 },
            );
            count += 1;
        }
    }
    let wanted = Rebalance {
        balance: GANETI_BALANCE,
        least_gain: Balance::ONE / 100_000,
        ..Rebalance::default()
    };
    let start = Instant::now();
    let plan = fleet.rebalance_plan(&wanted);
    let score = |parts: i64| parts as f64 / Balance::ONE as f64;
    line(
        "rebalance, 1,000 nodes, 15,000 VMs",
        &format!("{:.2} s", start.elapsed().as_secs_f64()),
        &format!(
            "aim 5 s; from {:.3} to {:.3} (bound {:.3}) in {} moves, {} waves; hbal doesn't finish",
            score(plan.before),
            score(plan.after),
            score(plan.bound),
            plan.moves(),
            plan.waves.len()
        ),
    );
}
