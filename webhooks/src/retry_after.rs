//! How long an endpoint asks to be left alone.

use std::time::{Duration, SystemTime};

use berth_model::Timestamp;
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

/// What an answer's `Retry-After` says (RFC 9110 section 10.2.3): a number of seconds, or a date, of
/// which `now` is the clock's. Only with 429 and 503, which mean that it is too early; none if it
/// can't be read.
pub(crate) fn retry_after(
    status: StatusCode,
    headers: &HeaderMap,
    now: Timestamp,
) -> Option<Duration> {
    if !matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than fits is longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let wait = date.duration_since(SystemTime::from(now));
    Some(wait.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let read = |status: u16, text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            let status = StatusCode::from_u16(status).unwrap();
            retry_after(status, &headers, now).map(|wait| wait.as_secs())
        };
        for (text, wait) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Fri, 02 Jan 2026 03:05:05 GMT", Some(60)),
            ("Friday, 02-Jan-26 03:05:05 GMT", Some(60)),
            ("Fri Jan  2 03:05:05 2026", Some(60)),
            ("Fri, 02 Jan 2026 03:04:00 GMT", Some(0)),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(read(429, text), wait, "{text:?}");
            assert_eq!(read(503, text), wait, "{text:?}");
            assert_eq!(read(500, text), None, "{text:?}");
            assert_eq!(read(200, text), None, "{text:?}");
        }
    }
}
