//! What is counted about requests.

use std::time::Instant;

use crate::label::Label;

const REQUESTS: &str = "berth_requests_total";
const REQUEST_SECONDS: &str = "berth_request_seconds";

/// Says what each metric of this room means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    metrics::describe_counter!(
        REQUESTS,
        "GraphQL operations, by their type, their first field and the code they ended with; none: refused \
         before."
    );
    metrics::describe_histogram!(
        REQUEST_SECONDS,
        metrics::Unit::Seconds,
        "How long GraphQL operations took; a subscription, until it began."
    );
}

/// Counts a request and its time.
pub(crate) fn measure(label: &Label, outcome: &'static str, started: Instant) {
    let (kind, root_field) = (label.operation_type, label.root_field.clone());
    metrics::counter!(REQUESTS, "operation_type" => kind, "root_field" => root_field.clone(),
        "outcome" => outcome)
    .increment(1);
    metrics::histogram!(REQUEST_SECONDS, "operation_type" => kind, "root_field" => root_field)
        .record(started.elapsed().as_secs_f64());
}
