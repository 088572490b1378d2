//! The hook that is called between any two steps.

use std::sync::{Arc, Mutex};

use berth_model::OperationKind as Kind;
use berth_operations::{Boundary, Point};

use crate::{
    player::{Player, done},
    world::World,
};

#[derive(Default)]
struct Points(Mutex<Vec<String>>);

impl Boundary for Points {
    fn at(&self, kind: Kind, point: Point<'_>) {
        assert_eq!(kind, Kind::DeploymentCreate);
        self.0.lock().unwrap().push(format!("{point:?}"));
    }
}

#[tokio::test]
async fn every_point_of_an_operation_is_passed_in_order() {
    let world = World::new().await;
    let player = Player::new(|_| async { done("Good.") });
    let points = Arc::new(Points::default());
    let worker = world.start_watched(&player, World::config("a"), points.clone());
    let operation = world.enqueue(Kind::DeploymentCreate).await;
    world.until_final(operation.id).await;
    worker.stopped().await;
    let passed = points.0.lock().unwrap();
    let expected = [
        "Claimed",
        "Before(\"place\")",
        "After(\"place\")",
        "Before(\"start\")",
        "After(\"start\")",
        "Ending",
        "Finished",
    ];
    assert_eq!(*passed, expected);
}
