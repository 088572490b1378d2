//! What a virtual machine shall be, for every mix of what its deployments want.

use berth_model::{DeploymentId, DeploymentState, DesiredState, VolumeState};
use berth_scheduler::desired::{Desired, desired};
use berth_store::{ClaimRequest, VmWork};
use chrono::TimeDelta;

use crate::world::{GIB, Size, World};

/// Two shared deployments of 1 GiB in one virtual machine, as the database has them.
async fn work() -> (VmWork, DeploymentId, DeploymentId) {
    let world = World::idle(&Size::default()).await;
    world.order(&world.catalogue.shared, "first").await;
    world.order(&world.catalogue.shared, "second").await;
    let request = ClaimRequest {
        worker: "looker",
        lease: TimeDelta::minutes(5),
        kinds: &[berth_model::OperationKind::DeploymentCreate],
        per_tenant_limit: 10,
    };
    let (_, claim) = world
        .store
        .operation_claim(&request)
        .await
        .unwrap()
        .unwrap();
    let work = world.store.vm_work(&claim).await.unwrap();
    let (first, second) = (
        work.deployments[0].deployment.id,
        work.deployments[1].deployment.id,
    );
    (work, first, second)
}

fn set(work: &mut VmWork, index: usize, wanted: DesiredState, found: DeploymentState) {
    work.deployments[index].deployment.desired_state = wanted;
    work.deployments[index].deployment.state = found;
}

fn sizes(desired: &Desired) -> (i64, i32, i64) {
    (
        desired.memory_bytes / GIB,
        desired.vcpus,
        desired.disk_bytes / GIB,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_what_its_deployments_want() {
    use {DeploymentState as S, DesiredState as D};
    let (mut work, first, second) = work().await;

    // The neighbour's own order still waits: it has no part in this one.
    let ordered = desired(&work, first, false);
    assert_eq!(
        (&ordered.running[..], sizes(&ordered)),
        (&[first][..], (1, 1, 2))
    );

    set(&mut work, 0, D::Running, S::Running);
    let both = desired(&work, second, false);
    assert_eq!(
        (&both.running[..], sizes(&both)),
        (&[first, second][..], (2, 2, 3))
    );
    // Undoing the second leaves the first alone.
    assert_eq!(desired(&work, second, true).alive, [first]);

    // One that was refused counts only in its own operation.
    set(&mut work, 1, D::Running, S::Refused);
    assert_eq!(desired(&work, first, false).alive, [first]);
    assert_eq!(desired(&work, second, false).alive, [first, second]);

    // A stopped one keeps its size and its disk.
    set(&mut work, 1, D::Stopped, S::Stopped);
    let stopped = desired(&work, first, false);
    assert_eq!(
        (&stopped.running[..], &stopped.alive[..]),
        (&[first][..], &[first, second][..])
    );
    assert_eq!(sizes(&stopped), (2, 2, 3));

    // A deleted one keeps the room of its data, if it ever had some.
    set(&mut work, 1, D::Deleted, S::Deleted);
    assert_eq!(sizes(&desired(&work, first, false)), (1, 1, 2));
    work.deployments[1].data.state = VolumeState::Present;
    assert_eq!(sizes(&desired(&work, first, false)), (1, 1, 3));

    // With all of them deleted there is no guest, only data.
    set(&mut work, 0, D::Deleted, S::Deleted);
    work.deployments[0].data.state = VolumeState::Present;
    let gone = desired(&work, first, false);
    assert!(!gone.is_there() && !gone.is_on());
    assert_eq!(sizes(&gone), (0, 0, 2));

    // A data volume never shrinks, whatever the plan says.
    set(&mut work, 0, D::Running, S::Running);
    work.deployments[0].data.size_bytes = 5 * GIB;
    work.deployments[1].data.state = VolumeState::Gone;
    assert_eq!(sizes(&desired(&work, first, false)), (1, 1, 6));
}
