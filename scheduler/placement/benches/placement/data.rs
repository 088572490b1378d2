//! The public data sets, if they are there.

use std::{collections::BTreeMap, path::PathBuf, process::Command};

/// The folder, or a message.
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var("BERTH_DATA").unwrap_or_else(|_| root.to_owned());
    let folder = PathBuf::from(root).join("placement").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "{name}: left out, since {} isn't there (BERTH_DATA)",
        folder.display()
    );
    None
}

/// The text of a compressed file.
pub fn unpacked(file: &std::path::Path) -> String {
    let output = Command::new("gzip")
        .arg("-dc")
        .arg(file)
        .output()
        .expect("gzip");
    String::from_utf8(output.stdout).expect("text")
}

/// A virtual machine of a trace: when it comes and goes, its cores and memory in quarters, and which
/// batch or tenant it is of.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub at: i64,
    pub until: Option<i64>,
    pub cores: i64,
    pub memory: i64,
    pub tenant: u32,
}

/// Azure's trace of 2017. Lifetimes are given as bins; the middle of one is taken.
pub fn azure_v1() -> Option<Vec<Request>> {
    let folder = folder("azure-v1")?;
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let mut flavours = BTreeMap::new();
    for line in read("flav_map.txt").lines() {
        let (sizes, letter) = line.split_once(' ').expect("two columns");
        let (cores, memory) = sizes.split_once(',').expect("two sizes");
        let quarters = |text: &str| (text.parse::<f64>().expect("a number") * 4.0) as i64;
        flavours.insert(letter.to_owned(), (quarters(cores), quarters(memory)));
    }
    let mut bins: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
    for line in read("v1.interval_map.txt").lines() {
        let (time, bin) = line.split_once(' ').expect("two columns");
        let time: i64 = time.parse().expect("a time");
        let bin = bins
            .entry(bin.parse().expect("a bin"))
            .or_insert((time, time));
        bin.1 = time;
    }
    let came = unpacked(&folder.join("v1.dev.txt.gz"));
    let lives = unpacked(&folder.join("v1.dev.c2100000.txt.gz"));
    let (mut requests, mut batch) = (Vec::new(), 0);
    for (came, lives) in came.lines().zip(lives.lines()) {
        let (Some((at, letters)), Some((_, lives))) = (came.split_once(' '), lives.split_once(' '))
        else {
            continue;
        };
        let at: i64 = at.parse().expect("a time");
        for (letter, life) in letters.split(',').zip(lives.split(',')) {
            let Some((cores, memory)) = flavours.get(letter).copied() else {
                batch += u32::from(letter == "|");
                continue;
            };
            let bin = bins[&life[1..].parse().expect("a bin")];
            let until = life
                .starts_with('U')
                .then(|| at + (bin.0 + bin.1) / 2 + 150);
            requests.push(Request {
                at,
                until,
                cores,
                memory,
                tenant: batch,
            });
        }
        batch += 1;
    }
    Some(requests)
}

/// Azure's packing trace of 2020; times in seconds. Cores are hundredths, memory quarters.
pub fn azure_2020(name: &str) -> Option<Vec<Request>> {
    let folder = folder("azure-packing-2020")?;
    let text = unpacked(&folder.join(name));
    let mut requests = Vec::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let number = |at: usize| columns[at].parse::<f64>().expect("a number");
        let seconds = |days: f64| (days * 86_400.0) as i64;
        requests.push(Request {
            at: seconds(number(5)).max(0),
            until: number(6).is_finite().then(|| seconds(number(6))),
            cores: number(2) as i64,
            memory: number(3) as i64,
            tenant: number(1) as u32,
        });
    }
    requests.sort_by_key(|request| request.at);
    Some(requests)
}
