//! Names and mail. It holds what is checked and used: the notices that leave by the outbox, by
//! lettre.
//!
//! A [`Postman`] takes notices out of the outbox and has a [`Mailer`] hand them over. What a notice
//! says is in `text`, a file for each language; `letter` puts the brand around it, `message` makes
//! it a mail, and which way that leaves is in `transport`.

mod gauges;
mod letter;
mod mailer;
mod message;
mod postman;
mod schedule;
mod text;
mod transport;

pub use gauges::{metrics_describe, notice_gauges_refresh};
pub use mailer::{Mailer, Refusal};
pub use postman::{Postman, PostmanConfig};
pub use transport::{Login, SmtpConfig, SmtpSecurity, TransportConfig};
