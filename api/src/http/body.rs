//! Bodies up to a limit.

use axum::body::Body;
use berth_model::{Error, ErrorCode, Result, message};
use futures::StreamExt;

/// How often the limit is read and thrown away, so that a client that is still sending sees the
/// refusal instead of a broken connection.
const DRAINED: usize = 16;

/// The whole body, if it isn't longer than `limit` bytes.
pub(crate) async fn body(body: Body, limit: usize) -> Result<Vec<u8>> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut length = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|cause| {
            Error::new(
                ErrorCode::InvalidInput,
                "The body ended early. Send it again.",
            )
            .because(cause)
        })?;
        length = length.saturating_add(chunk.len());
        if length <= limit {
            bytes.extend_from_slice(&chunk);
        } else if length > limit.saturating_mul(DRAINED) {
            break;
        }
    }
    if length > limit {
        return Err(Error::new(
            ErrorCode::LimitExceeded,
            message!("The body is too long. The limit is {limit} bytes.", limit),
        ));
    }
    Ok(bytes)
}
