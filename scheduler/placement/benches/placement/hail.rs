//! One decision, beside Ganeti's `hail`, which reads the cluster and answers one request.

use std::{process::Command, time::Instant};

use berth_placement::{file::*, *};

use crate::{data::folder, line};

const HAIL: &str = "/usr/lib/ganeti/iallocators/hail";
const REQUEST: &str = r#"{"version":2,"cluster_name":"c","cluster_tags":[],"enabled_hypervisors":["kvm"],
"ipolicy":{},"nodegroups":{},"nodes":{},"instances":{},"request":{"type":"allocate","name":"new.example",
"memory":8192,"vcpus":4,"spindle_use":1,"disk_space_total":10240,"disks":[{"size":10240,"mode":"rw"}],
"disk_template":"rbd","required_nodes":1,"os":"debian","tags":[],"nics":[],"hypervisor":"kvm",
"multi_allocate":false,"group_name":null}}"#;

pub fn run() {
    let Some(folder) = folder("ganeti") else {
        return;
    };
    for (name, nodes) in [("c20.data", 20), ("c40.data", 40)] {
        let file = folder.join(name);
        let text = std::fs::read_to_string(&file).expect("a file");
        let start = Instant::now();
        let mut loaded =
            Loaded::new(&from_ganeti(&text).expect("Ganeti's format")).expect("a fleet");
        let read = start.elapsed();
        let mut sizes = [0; DIMENSIONS];
        sizes[..2].copy_from_slice(&[8_192, 4]);
        let need = Need {
            sizes,
            ..Need::default()
        };
        let need = loaded.fleet.need(need).expect("no nodes");
        let ask = Ask::plain(need, TenantNumber(0));
        let start = Instant::now();
        loaded.fleet.preview(&ask).expect("room");
        let decided = start.elapsed();
        let ours = (read + decided).as_secs_f64();
        line(
            &format!("one decision, {nodes} nodes, read and decided"),
            &format!("{:.2} ms", ours * 1e3),
            &theirs(&file, ours, decided.as_secs_f64()),
        );
    }
}

fn theirs(file: &std::path::Path, ours: f64, decided: f64) -> String {
    let request = std::env::temp_dir().join(format!("berth-hail-{}.json", std::process::id()));
    std::fs::write(&request, REQUEST).expect("a file");
    let start = Instant::now();
    let output = Command::new(HAIL).arg("-t").args([file, &request]).output();
    let seconds = start.elapsed().as_secs_f64();
    std::fs::remove_file(&request).expect("the file");
    match output {
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("\"success\":true") => {
            format!(
                "hail {:.0} ms, {:.0} times as long; the decision alone {:.1} µs",
                seconds * 1e3,
                seconds / ours,
                decided * 1e6
            )
        }
        _ => "hail isn't there".to_owned(),
    }
}
