//! What still fits, what never will, when it ends, and what to buy: answered by placing until nothing
//! fits any more, with the code that decides.

mod advice;
mod growth;
mod more;
mod stranded;

pub use advice::Advice;
pub use growth::{Growth, growth};
pub use more::More;
pub use stranded::Stranded;
