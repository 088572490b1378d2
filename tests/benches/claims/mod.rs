//! Decisions with a durable claim, a second, on a thousand machines by one, two and four workers, beside
//! as many connections that insert the same rows and commit.
//!
//! Each worker decides on a snapshot of its own with what it decided since, as the scheduler does, and reads
//! again when a claim is lost or nothing fits. In the end everything is sold, and what was sold is counted:
//! no machine may be over its capacity. `CLAIMS=250000 ROUNDS=4` makes a million claims.

mod fill;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use berth_model::{Ids, SystemClock};
use berth_placement::{NetworkNeed, Platform, Request};
use berth_store::{Claim, ClaimOutcome, ReservationRequest, Store, testing};
use berth_tests::{World, connect, simulated};
use tokio::task::JoinSet;

use crate::rounds::{Rounds, quantile};
use fill::{Order, Site};

/// How many are claimed in a round, if `CLAIMS` doesn't say.
const CLAIMS: usize = 4_000;
const WORKERS: [usize; 3] = [1, 2, 4];

/// How many a second, and the time of one, of every hundred the slowest, in milliseconds.
struct Pace {
    rate: f64,
    slowest: f64,
}

/// Measures `rounds` rounds for each number of workers.
pub async fn run(rounds: usize) {
    let home = tempfile::tempdir().unwrap();
    let world = World::new(simulated(home.path(), 1, 8)).await;
    let clock = Arc::new(SystemClock);
    let ids = Arc::new(Ids::new(clock.clone()));
    let store = testing::store(world.app_url(), clock, ids);
    let claims = std::env::var("CLAIMS").map_or(CLAIMS, |text| text.parse().unwrap());
    let site = fill::fill(&world.sql, claims).await;
    Rounds::heading("inserts of the same rows, each committed", rounds);
    let (mut total, mut refused) = (0, 0);
    for workers in WORKERS {
        let (mut rates, mut times) = (Rounds::default(), Rounds::default());
        for _ in 0..rounds {
            let orders = fill::orders(&world.sql, claims).await;
            let (berth, left) = sell(&store, &site, orders, workers).await;
            fill::check(&world.sql).await;
            let rows = fill::rows(&world.sql).await;
            total += rows.len();
            refused += left;
            let peer = insert(&world, rows, workers).await;
            rates.push(berth.rate, peer.rate);
            times.push(berth.slowest, peer.slowest);
        }
        let what = format!("decisions with claim, {workers} workers");
        rates.print(&what, "1/s", "aim: 0.5 or more");
        times.print(&format!("{what}: p99"), "ms", "aim: 3 or less");
    }
    println!("{total} claims, none over capacity; {refused} found no room");
}

/// All orders by so many workers; how many found no room.
async fn sell(store: &Store, site: &Site, orders: Vec<Order>, workers: usize) -> (Pace, usize) {
    let begun = Instant::now();
    let mut selling = JoinSet::new();
    for part in parts(orders, workers) {
        let (store, site) = (store.clone(), site.clone());
        selling.spawn(async move { sell_part(&store, &site, part).await });
    }
    let (mut times, mut refused) = (Vec::new(), 0);
    for (part, left) in selling.join_all().await {
        times.extend(part);
        refused += left;
    }
    (Pace::of(begun.elapsed(), &times), refused)
}

async fn sell_part(store: &Store, site: &Site, orders: Vec<Order>) -> (Vec<Duration>, usize) {
    let mut orders: VecDeque<Order> = orders.into();
    let mut snapshot: Option<Platform> = None;
    let (mut times, mut refused) = (Vec::with_capacity(orders.len()), 0);
    let mut begun = Instant::now();
    while let Some(order) = orders.front() {
        let is_fresh = snapshot.is_none();
        let mut platform = match snapshot.take() {
            Some(platform) => platform,
            None => read(store, site, &order.claim).await,
        };
        let request = request(site, order);
        let Some(chosen) = platform.decide(&request).chosen else {
            if is_fresh {
                refused += 1;
                orders.pop_front();
                begun = Instant::now();
            }
            continue;
        };
        let wanted = ReservationRequest {
            virtual_machine_id: order.vm,
            machine_id: chosen.machine_id,
            storage_pool_id: chosen.storage_pool_id,
            network_id: None,
            memory_bytes: order.room.memory_bytes,
            vcpus: i32::try_from(order.room.vcpus).unwrap(),
            disk_bytes: order.room.disk_bytes,
            relied: None,
            explanation: None,
        };
        let outcome = store.reservation_claim(&order.claim, &wanted).await;
        if outcome.unwrap() == ClaimOutcome::Held {
            times.push(begun.elapsed());
            orders.pop_front();
            snapshot = Some(platform);
            begun = Instant::now();
        }
    }
    (times, refused)
}

async fn read(store: &Store, site: &Site, claim: &Claim) -> Platform {
    let facts = store.fleet_snapshot(claim, site.id, site.image);
    Platform::new(facts.await.unwrap())
}

fn request(site: &Site, order: &Order) -> Request {
    Request {
        tenant_id: order.claim.tenant_id,
        site_id: site.id,
        room: order.room,
        network: NetworkNeed::Held(Vec::new()),
        held: None,
    }
}

/// The same rows by so many connections.
async fn insert(world: &World, rows: Vec<fill::Row>, workers: usize) -> Pace {
    fill::bare_empty(&world.sql).await;
    let mut connections = Vec::new();
    for part in parts(rows, workers) {
        connections.push((connect(world.owner_url()).await, part));
    }
    let begun = Instant::now();
    let mut inserting = JoinSet::new();
    for (sql, part) in connections {
        inserting.spawn(async move {
            let statement = sql.prepare(fill::BARE_INSERT).await.unwrap();
            let mut times = Vec::with_capacity(part.len());
            for row in part {
                let begun = Instant::now();
                sql.execute(&statement, &row.values()).await.unwrap();
                times.push(begun.elapsed());
            }
            times
        });
    }
    let times: Vec<Duration> = inserting.join_all().await.into_iter().flatten().collect();
    Pace::of(begun.elapsed(), &times)
}

fn parts<T>(all: Vec<T>, workers: usize) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = (0..workers).map(|_| Vec::new()).collect();
    for (index, one) in all.into_iter().enumerate() {
        parts[index % workers].push(one);
    }
    parts
}

impl Pace {
    fn of(elapsed: Duration, times: &[Duration]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let rate = times.len() as f64 / elapsed.as_secs_f64();
        let slowest = quantile(times.iter().map(|time| time.as_secs_f64() * 1e3), 0.99);
        Self { rate, slowest }
    }
}
