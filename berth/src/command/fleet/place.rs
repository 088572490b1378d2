//! `berth fleet place`

use berth_placement::report::{Order, PlaceReport};

use super::tell::{open, tell};
use crate::{cli::FleetPlace, failure::Failure};

pub(super) fn run(arguments: &FleetPlace) -> Result<(), Failure> {
    let mut loaded = open(&arguments.fleet)?;
    let mut order = match &arguments.plan {
        Some(plan) => {
            let ask = loaded.ask(plan, arguments.tenant.as_deref(), &arguments.groups)?;
            Order::of(plan, ask, arguments.count.into())
        }
        None => Order {
            asks: loaded.pending.clone(),
            ..Order::default()
        },
    };
    order.is_all_or_none = arguments.all_or_none;
    let report = PlaceReport::new(&mut loaded, &order);
    tell(&arguments.fleet, &report)
}
