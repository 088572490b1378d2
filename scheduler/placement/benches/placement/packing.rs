//! Static packing, on the 2,940 instances of the vector packing paper.

use std::{collections::BTreeMap, process::Command, time::Instant};

use berth_placement::pack;

use crate::{data::folder, line};

const ATTEMPTS: usize = 12_000;

pub fn run() {
    let Some(folder) = folder("vector-bin-packing") else {
        return;
    };
    let attempts = std::env::var("ATTEMPTS")
        .ok()
        .and_then(|text| text.parse().ok());
    for (set, aim) in [("Panigrahy", 119_936), ("New", 60_317), ("Triplet", 21_518)] {
        let summary = std::fs::read_to_string(folder.join(format!("{set}_summary_known.csv")));
        let summary = summary.expect("a summary");
        let best: BTreeMap<&str, (usize, Option<usize>)> = summary
            .lines()
            .skip(1)
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let columns: Vec<&str> = line.split_whitespace().collect();
                (
                    columns[0],
                    (
                        columns[3].parse().expect("a number"),
                        columns[2].parse().ok(),
                    ),
                )
            })
            .collect();
        let texts = instances(&folder.join(format!("{set}_instances.tar.gz")));
        let (mut bins, mut theirs, mut fewer, mut more, mut slowest) = (0, 0, 0, 0, 0.0f64);
        let (mut optimal, mut known) = (0, 0);
        for (name, text) in &texts {
            let (things, capacity) = instance(text);
            let start = Instant::now();
            let packing = pack(&things, &capacity, attempts.unwrap_or(ATTEMPTS));
            slowest = slowest.max(start.elapsed().as_secs_f64());
            check(&things, &capacity, &packing.bins);
            let (published, optimum) = best[name.as_str()];
            bins += packing.bins.len();
            theirs += published;
            fewer += usize::from(packing.bins.len() < published);
            more += usize::from(packing.bins.len() > published);
            known += usize::from(optimum.is_some());
            optimal += usize::from(optimum == Some(packing.bins.len()));
        }
        assert_eq!(theirs, aim, "the published total");
        line(
            &format!("packing, {set}, {} instances", texts.len()),
            &format!("{bins} bins"),
            &format!(
                "best of ~350 heuristics {aim}; fewer on {fewer}, more on {more}; optimal on {optimal} of \
                 {known} known; slowest {slowest:.2} s"
            ),
        );
    }
}

fn instances(archive: &std::path::Path) -> Vec<(String, String)> {
    let target = std::env::temp_dir().join(format!("berth-packing-{}", std::process::id()));
    std::fs::create_dir_all(&target).expect("a folder");
    let unpacked = Command::new("tar")
        .arg("xzf")
        .arg(archive)
        .arg("-C")
        .arg(&target)
        .status();
    assert!(unpacked.expect("tar").success());
    let mut found = Vec::new();
    let mut folders = vec![target.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "vbp") {
                let name = path
                    .file_stem()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned();
                found.push((name, std::fs::read_to_string(path).expect("text")));
            }
        }
    }
    std::fs::remove_dir_all(&target).expect("the folder");
    found.sort();
    found
}

/// Dimensions, capacities, how many lines, and each line a thing and how often.
fn instance(text: &str) -> (Vec<Vec<i64>>, Vec<i64>) {
    let mut lines = text.lines().map(|line| {
        line.split_whitespace()
            .map(|number| number.parse().expect("a number"))
            .collect::<Vec<i64>>()
    });
    let dimensions = lines.next().expect("dimensions")[0] as usize;
    let capacity = lines.next().expect("capacities");
    lines.next();
    let mut things = Vec::new();
    for line in lines.filter(|line| line.len() > dimensions) {
        for _ in 0..line[dimensions] {
            things.push(line[..dimensions].to_vec());
        }
    }
    (things, capacity)
}

fn check(things: &[Vec<i64>], capacity: &[i64], bins: &[Vec<usize>]) {
    let mut packed: Vec<usize> = bins.iter().flatten().copied().collect();
    packed.sort_unstable();
    assert_eq!(packed, (0..things.len()).collect::<Vec<_>>(), "each once");
    for bin in bins {
        for (lane, capacity) in capacity.iter().enumerate() {
            assert!(bin.iter().map(|thing| things[*thing][lane]).sum::<i64>() <= *capacity);
        }
    }
}
