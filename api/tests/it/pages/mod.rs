//! The pages that people see, as a browser sees them.

mod account;
mod attack;
pub mod browser;
mod consent;
pub mod factor;
pub mod flow;
mod host;
mod invitation;
mod log;
mod reset;
pub mod shop;
mod sign_in;
mod sign_up;
mod support_grant;
