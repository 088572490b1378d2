//! Everything between a place and a running guest, as one: for steps that change a guest which
//! others live in too, and for a restart that finds more missing than the power.

use berth_operations::StepEnd;

use super::{define, image, seed, start, volumes};
use crate::task::{StepResult, Task};

pub(super) async fn run(task: &mut Task<'_>) -> StepResult {
    for part in 0..4 {
        let end = match part {
            0 => image::run(task).await?,
            1 => volumes::run(task).await?,
            2 => seed::run(task).await?,
            _ => define::run(task).await?,
        };
        if let StepEnd::Again { .. } = end {
            return Ok(end);
        }
        task.reload().await?;
    }
    start::run(task).await
}
