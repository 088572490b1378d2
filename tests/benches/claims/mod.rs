//! Decisions with a durable claim, a second, on a thousand machines by one, two and four workers, beside
//! as many connections that insert the same rows and commit.
//!
//! Each worker is as a process of its own: it decides on a snapshot that is at most a second old, with what it
//! decided since, and claims with the explanation, as the scheduler does. It reads again when a claim is lost
//! or nothing fits. What was sold is summed up: no machine may be over its capacity. `CLAIMS=250000 ROUNDS=4
//! WORKERS=4` makes a million claims that fill every machine.

mod fill;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use berth_model::{Ids, SystemClock};
use berth_placement::{Decision, NetworkNeed, Platform, Request};
use berth_store::{
    Claim, ClaimOutcome, ReservationRequest, Store,
    testing::{self, TestDatabase},
};
use berth_tests::connect;
use tokio::task::JoinSet;

use crate::rounds::{Rounds, quantile};
use fill::{Order, Site};

/// How many are claimed in a round, if `CLAIMS` doesn't say.
const CLAIMS: usize = 10_000;
const WORKERS: [usize; 3] = [1, 2, 4];
/// As the scheduler's.
const SNAPSHOT_AGE: Duration = Duration::from_secs(1);

/// How many a second, and the time of one, of every hundred the slowest, in milliseconds.
struct Pace {
    rate: f64,
    slowest: f64,
}

/// What workers did.
#[derive(Default)]
struct Sold {
    /// From the order to the end of its claim.
    decisions: Vec<Duration>,
    /// The claim alone.
    claims: Vec<Duration>,
    lost: usize,
    refused: usize,
}

/// Measures `rounds` rounds for each number of workers.
pub async fn run(rounds: usize) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let database = TestDatabase::new().await;
    let sql = connect(&database.owner_url).await;
    let clock = Arc::new(SystemClock);
    let ids = Arc::new(Ids::new(clock.clone()));
    let store = testing::store(&database.app_url, clock, ids);
    let claims = number("CLAIMS").unwrap_or(CLAIMS);
    let site = fill::fill(&sql, claims).await;
    Rounds::heading("inserts of the same rows, each committed", rounds);
    let (mut total, mut over) = (0, 0);
    for workers in number("WORKERS").map_or(WORKERS.to_vec(), |workers| vec![workers]) {
        let mut paces = [Rounds::default(), Rounds::default(), Rounds::default()];
        let (mut lost, mut refused) = (0, 0);
        for _ in 0..rounds {
            let orders = fill::orders(&sql, claims).await;
            let (elapsed, sold) = sell(&store, &site, orders, workers).await;
            over += fill::oversold(&sql).await;
            let rows = fill::rows(&sql).await;
            assert_eq!(rows.len(), sold.claims.len(), "claims that are not there");
            total += rows.len();
            (lost, refused) = (lost + sold.lost, refused + sold.refused);
            let peer = insert(&sql, &database, rows, workers).await;
            let (whole, claim) = (
                Pace::of(elapsed, &sold.decisions),
                Pace::of(elapsed, &sold.claims),
            );
            paces[0].push(whole.rate, peer.rate);
            paces[1].push(claim.slowest, peer.slowest);
            paces[2].push(whole.slowest, peer.slowest);
        }
        let what = format!("decisions with claim, {workers} workers");
        paces[0].print(&what, "1/s", "aim: 0.5 or more");
        paces[1].print("  p99 of the claim", "ms", "aim: 3 or less");
        paces[2].print("  p99 of decision and claim", "ms", "");
        println!("  {lost} claims lost and decided again, {refused} orders without room");
    }
    println!("{total} claims, {over} machines over capacity");
    assert_eq!(over, 0, "something is oversold");
}

/// All orders by so many workers.
async fn sell(store: &Store, site: &Site, orders: Vec<Order>, workers: usize) -> (Duration, Sold) {
    let begun = Instant::now();
    let mut selling = JoinSet::new();
    for part in parts(orders, workers) {
        let (store, site) = (store.clone(), site.clone());
        selling.spawn(async move { sell_part(&store, &site, part).await });
    }
    let mut sold = Sold::default();
    for part in selling.join_all().await {
        sold.decisions.extend(part.decisions);
        sold.claims.extend(part.claims);
        sold.lost += part.lost;
        sold.refused += part.refused;
    }
    (begun.elapsed(), sold)
}

async fn sell_part(store: &Store, site: &Site, orders: Vec<Order>) -> Sold {
    let mut orders: VecDeque<Order> = orders.into();
    let mut snapshot: Option<(Platform, Instant)> = None;
    let mut sold = Sold::default();
    let mut begun = Instant::now();
    while let Some(order) = orders.front() {
        snapshot = snapshot.filter(|(_, read_at)| read_at.elapsed() < SNAPSHOT_AGE);
        let is_fresh = snapshot.is_none();
        let (mut platform, read_at) = match snapshot.take() {
            Some(known) => known,
            None => (read(store, site, &order.claim).await, Instant::now()),
        };
        let decision = platform.decide(&request(site, order));
        let Some(wanted) = wanted(order, decision, sold.lost > 0) else {
            if is_fresh {
                sold.refused += 1;
                orders.pop_front();
                begun = Instant::now();
            }
            continue;
        };
        let claimed = Instant::now();
        let outcome = store.reservation_claim(&order.claim, &wanted).await;
        if outcome.unwrap() != ClaimOutcome::Held {
            sold.lost += 1;
            continue;
        }
        sold.claims.push(claimed.elapsed());
        sold.decisions.push(begun.elapsed());
        orders.pop_front();
        snapshot = Some((platform, read_at));
        begun = Instant::now();
    }
    sold
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

fn wanted(order: &Order, decision: Decision, contended: bool) -> Option<ReservationRequest> {
    let chosen = decision.chosen?;
    Some(ReservationRequest {
        virtual_machine_id: order.vm,
        machine_id: chosen.machine_id,
        storage_pool_id: chosen.storage_pool_id,
        alternatives: match contended {
            true => chosen.alternatives,
            false => Vec::new(),
        },
        network_id: None,
        memory_bytes: order.room.memory_bytes,
        vcpus: i32::try_from(order.room.vcpus).unwrap(),
        disk_bytes: order.room.disk_bytes,
        relied: None,
        explanation: Some(decision.explanation),
    })
}

/// The same rows by so many connections.
async fn insert(
    sql: &tokio_postgres::Client,
    database: &TestDatabase,
    rows: Vec<fill::Row>,
    workers: usize,
) -> Pace {
    fill::bare_empty(sql).await;
    let mut connections = Vec::new();
    for part in parts(rows, workers) {
        let sql = connect(&database.owner_url).await;
        let statement = sql.prepare(fill::BARE_INSERT).await.unwrap();
        connections.push((sql, statement, part));
    }
    let begun = Instant::now();
    let mut inserting = JoinSet::new();
    for (sql, statement, part) in connections {
        inserting.spawn(async move {
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
