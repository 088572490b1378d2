//! What a provider can set about the fleet's work.

use std::{net::IpAddr, path::PathBuf, time::Duration};

/// How virtual machines are made and changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// Where images' files lie, each under its SHA-256 in hexadecimal digits.
    pub image_dir: PathBuf,
    /// What guests ask for names.
    pub nameservers: Vec<IpAddr>,
    /// How long a guest has between the press of its power button and the pull of its plug.
    pub shutdown_grace: Duration,
    /// How often a guest that starts or goes down is looked at.
    pub poll: Duration,
    /// The limit of a call that destroys something: shorter than the lease of a claim, which is
    /// checked right before it.
    pub destroy_limit: Duration,
    /// How long addresses are not given out again.
    pub quarantine: Duration,
    /// How often placement decides again when another was quicker, before it waits.
    pub claim_rounds: u32,
    /// How often a rebalance looks at its moves when none tells that it has ended.
    pub rebalance_look: Duration,
    /// How many moves of one rebalance go on at once: fewer than a worker does at a time, so that orders
    /// don't wait for moves.
    pub moves_at_once: usize,
    /// How many MiB a second one move may take of the network; none leaves it to the machines.
    pub move_bandwidth_mib: Option<u64>,
    /// How long a snapshot of the fleet serves decisions.
    pub snapshot_age: Duration,
    /// How often a guest that goes off by itself while it should get healthy is started again.
    pub start_rounds: u32,
}

impl FleetConfig {
    /// The usual, with images in this folder.
    #[must_use]
    pub fn new(image_dir: impl Into<PathBuf>) -> Self {
        Self {
            image_dir: image_dir.into(),
            nameservers: Vec::new(),
            shutdown_grace: Duration::from_secs(60),
            poll: Duration::from_millis(250),
            destroy_limit: Duration::from_secs(15),
            quarantine: Duration::from_secs(3600),
            claim_rounds: 5,
            rebalance_look: Duration::from_secs(60),
            moves_at_once: 4,
            move_bandwidth_mib: None,
            snapshot_age: Duration::from_secs(1),
            start_rounds: 3,
        }
    }
}

/// How differences are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconcilerConfig {
    /// How often everything is compared when nothing hints at a difference.
    pub period: Duration,
    /// The limit of looking at one machine.
    pub look_limit: Duration,
    /// The least time between two repairs of a virtual machine; it doubles with every repair of the
    /// last hour.
    pub repair_floor: Duration,
    /// Deployments whose purge is asked for in one round, at most.
    pub purge_limit: i64,
}

impl Default for ReconcilerConfig {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(30),
            look_limit: Duration::from_secs(20),
            repair_floor: Duration::from_secs(60),
            purge_limit: 100,
        }
    }
}
