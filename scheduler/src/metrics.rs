//! The fleet's metrics: their names, and what they mean.

/// Repairs that were asked for.
pub(crate) const REPAIRS: &str = "berth_repairs_total";
/// Guests with Berth's mark that the database doesn't know, by `machine`.
pub(crate) const GUESTS_UNKNOWN: &str = "berth_guests_unknown";
/// Places that another order took in between.
pub(crate) const RESERVATIONS_LOST: &str = "berth_reservations_lost_total";
/// Data volumes that are not where they were.
pub(crate) const DATA_VOLUMES_MISSING: &str = "berth_data_volumes_missing_total";

/// Says what each metric of this room means. To be called once, after the recorder is there.
pub fn metrics_describe() {
    metrics::describe_counter!(
        REPAIRS,
        "Repairs that were asked for because a guest was not as it should be."
    );
    metrics::describe_gauge!(
        GUESTS_UNKNOWN,
        "Guests on a machine that bear Berth's mark and that Berth doesn't know."
    );
    metrics::describe_counter!(
        RESERVATIONS_LOST,
        "Placements that were decided again because another order was quicker."
    );
    metrics::describe_counter!(
        DATA_VOLUMES_MISSING,
        "Steps that found a data volume gone from its machine. Any is an alarm."
    );
}
