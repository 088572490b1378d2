//! How many more fit, beside Ganeti's `hspace`.

use std::{process::Command, time::Instant};

use berth_placement::{file::*, *};

use crate::{data::folder, line};

pub fn run() {
    let Some(folder) = folder("ganeti") else {
        return;
    };
    for (name, nodes) in [("c20.data", 20), ("c40.data", 40)] {
        let file = folder.join(name);
        let text = std::fs::read_to_string(&file).expect("a file");
        let mut loaded =
            Loaded::new(&from_ganeti(&text).expect("Ganeti's format")).expect("a fleet");
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[8_192, 4]);
        let need = loaded
            .fleet
            .need(Need {
                sizes,
                ..Need::default()
            })
            .expect("no nodes");
        let ask = Ask::plain(need, TenantNumber(0));
        let start = Instant::now();
        let more = loaded.fleet.more(&ask, usize::MAX);
        let time = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let hspace = Command::new("timeout")
            .args(["600", "hspace", "-t"])
            .arg(&file)
            .args([
                "--machine-readable=yes",
                "--standard-alloc=10g,8g,4",
                "--disk-template=rbd",
                // Else it asks of every node at every step whether it could be restarted, and doesn't end.
                "--no-capacity-checks",
            ])
            .output();
        let theirs = hspace.ok().and_then(|output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let line = text
                .lines()
                .find(|line| line.starts_with("HTS_ALLOC_INSTANCES="))?;
            line.split('=')
                .nth(1)?
                .trim_matches('\'')
                .parse::<usize>()
                .ok()
        });
        let theirs = theirs.map_or("hspace isn't there".to_owned(), |count| {
            let seconds = start.elapsed().as_secs_f64();
            format!(
                "hspace {count} in {seconds:.2} s, {:.0} times as long",
                seconds / time
            )
        });
        line(
            &format!("capacity, {nodes} nodes, 4 vCPU / 8 GB"),
            &format!("{more} in {:.2} ms", time * 1e3),
            &theirs,
        );
    }
}
