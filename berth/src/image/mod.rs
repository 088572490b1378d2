//! The image store: a folder where every image is a file named by its SHA-256, so that a name can't
//! come to mean other bytes.

mod qcow2;
mod store;

pub use qcow2::{Qcow2Header, header_read};
pub use store::{Imported, import};
