//! What is counted about requests.

use std::time::Instant;

use async_graphql::parser::types::OperationType;

const REQUESTS: &str = "berth_requests_total";
const REQUEST_SECONDS: &str = "berth_request_seconds";

/// Says what each metric of this room means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    metrics::describe_counter!(
        REQUESTS,
        "GraphQL operations, by their type and by the code they ended with; none: refused before."
    );
    metrics::describe_histogram!(
        REQUEST_SECONDS,
        metrics::Unit::Seconds,
        "How long GraphQL operations took; a subscription, until it ended."
    );
}

/// The name of a kind of operation, for metrics.
pub(crate) fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

/// Counts a request and its time.
pub(crate) fn measure(kind: &'static str, outcome: &'static str, started: Instant) {
    metrics::counter!(REQUESTS, "operation_type" => kind, "outcome" => outcome).increment(1);
    metrics::histogram!(REQUEST_SECONDS, "operation_type" => kind)
        .record(started.elapsed().as_secs_f64());
}
