//! A hook between any two steps, where tests kill the process.

use berth_model::OperationKind;

/// A place in an operation's course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point<'a> {
    /// It was claimed; nothing was done.
    Claimed,
    /// The step was written as begun, and is about to look at the world.
    Before(&'a str),
    /// The step returned; that is not yet written.
    After(&'a str),
    /// The last step was written as done; the operation's end is not yet written.
    Ending,
    /// The operation's end was written.
    Finished,
}

/// What is called at every point of every operation.
pub trait Boundary: Send + Sync + 'static {
    /// Called at a point. Does nothing unless implemented.
    fn at(&self, kind: OperationKind, point: Point<'_>) {
        let _ = (kind, point);
    }
}

/// No hook.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBoundary;

impl Boundary for NoBoundary {}
