//! A client of the public API, as anybody could write one: OAuth client credentials (RFC 6749
//! section 4.4), GraphQL over HTTP, and operations followed over graphql-transport-ws.

mod follow;
mod http;
mod token;

pub(crate) use follow::{Event, follow};
pub(crate) use http::{ApiClient, Nodes, text_at};
