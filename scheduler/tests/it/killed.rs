//! A worker that stands still at a boundary until its lease is over: another goes on, and when the
//! first wakes up it changes nothing any more.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
    mpsc,
};

use berth_model::{DeploymentId, DeploymentState, Operation, OperationKind};
use berth_operations::{Boundary, NoBoundary, Point};
use chrono::TimeDelta;

use crate::world::{PATIENCE, Size, World};

/// Stands still once at its point, until told.
struct Freeze {
    kind: OperationKind,
    point: Point<'static>,
    was_there: AtomicBool,
    frozen: tokio::sync::mpsc::UnboundedSender<()>,
    thaw: Mutex<mpsc::Receiver<()>>,
}

impl Boundary for Freeze {
    fn at(&self, kind: OperationKind, point: Point<'_>) {
        if kind != self.kind || point != self.point || self.was_there.swap(true, Ordering::SeqCst) {
            return;
        }
        self.frozen.send(()).unwrap();
        tokio::task::block_in_place(|| self.thaw.lock().unwrap().recv_timeout(PATIENCE)).unwrap();
    }
}

/// Lets the only worker freeze at the point of the operation that `ask` asks for, and another end
/// it.
async fn frozen_at<F>(kind: OperationKind, point: Point<'static>, ask: F) -> (World, DeploymentId)
where
    F: AsyncFnOnce(&World) -> (DeploymentId, Operation),
{
    let mut world = World::sized(Size {
        machines: 1,
        ..Size::default()
    })
    .await;
    let (frozen, mut is_frozen) = tokio::sync::mpsc::unbounded_channel();
    let (thaw, thawed) = mpsc::channel();
    let thawed = Mutex::new(thawed);
    let was_there = AtomicBool::new(false);
    let asked = if kind == OperationKind::DeploymentCreate {
        world.workers_stop().await;
        world.work(
            "first",
            1,
            Arc::new(Freeze {
                kind,
                point,
                was_there,
                frozen,
                thaw: thawed,
            }),
        );
        ask(&world).await
    } else {
        let id = world.running(&world.catalogue.small, "one").await;
        world.workers_stop().await;
        world.work(
            "first",
            1,
            Arc::new(Freeze {
                kind,
                point,
                was_there,
                frozen,
                thaw: thawed,
            }),
        );
        let asked = ask(&world).await;
        assert_eq!(asked.0, id);
        asked
    };
    is_frozen.recv().await.unwrap();
    // Past the lease of the frozen one.
    world.clock.advance(TimeDelta::seconds(601));
    world.work("second", 1, Arc::new(NoBoundary));
    world.succeeds(asked.1.id).await;
    thaw.send(()).unwrap();
    world.workers_stop().await;
    world.counts().await;
    (world, asked.0)
}

fn points(steps: &[&'static str]) -> Vec<Point<'static>> {
    let both = |step: &&'static str| [Point::Before(step), Point::After(step)];
    steps
        .iter()
        .flat_map(both)
        .chain([Point::Claimed, Point::Ending])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_creation() {
    let steps = [
        "place", "image", "volumes", "seed", "define", "start", "probe", "finish",
    ];
    for point in points(&steps) {
        let (world, id) = frozen_at(OperationKind::DeploymentCreate, point, async |world| {
            let (deployment, operation) = world.order(&world.catalogue.small, "one").await;
            (deployment.id, operation)
        })
        .await;
        world.is(id, DeploymentState::Running).await;
        assert_eq!(world.notices().await.len(), 1, "{point:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_delete() {
    for point in points(&["stop", "remove", "release", "finish"]) {
        let (world, id) = frozen_at(OperationKind::DeploymentDelete, point, async |world| {
            let id = newest(world).await;
            (
                id,
                world
                    .store
                    .deployment_delete(&world.platform, id, None)
                    .await
                    .unwrap()
                    .1,
            )
        })
        .await;
        world.is(id, DeploymentState::Deleted).await;
        world.data_note(id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_resize() {
    let steps = ["place", "volumes", "seed", "define", "start", "finish"];
    for point in points(&steps) {
        let (world, id) = frozen_at(OperationKind::DeploymentResize, point, async |world| {
            let (id, large) = (newest(world).await, world.catalogue.large.id);
            (
                id,
                world
                    .store
                    .deployment_resize(&world.platform, id, large)
                    .await
                    .unwrap()
                    .1,
            )
        })
        .await;
        world.is(id, DeploymentState::Running).await;
        world.data_note(id).await;
    }
}

async fn newest(world: &World) -> DeploymentId {
    let page = berth_model::PageRequest::first(1);
    let filter = berth_store::DeploymentFilter::default();
    world
        .store
        .deployment_list(&world.platform, page, &filter)
        .await
        .unwrap()
        .items[0]
        .id
}
