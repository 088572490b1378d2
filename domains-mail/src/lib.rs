//! Names and mail. It holds what is checked and used: the notices that operations cause, by lettre.
//!
//! [`Mailer`] implements [`berth_model::Notices`]. What a notice says is in `text/`, one file for
//! each;
//! how it becomes a mail in `message`; which way it leaves in `transport`.

mod mailer;
mod message;
mod text;
mod transport;

pub use mailer::{Mailer, metrics_describe};
pub use transport::{Login, SmtpConfig, SmtpSecurity, TransportConfig};
