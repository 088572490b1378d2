//! Where several would go, one after another.

use serde::Serialize;

use super::{
    Report,
    reason::{ReasonTold, joined, machine, reasons},
    words,
};
use crate::{Ask, Place, file::Loaded};

/// What is to be placed.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// By name, in this order.
    pub asks: Vec<(String, Ask)>,
    /// Whether nothing is placed if something can't be.
    pub is_all_or_none: bool,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceReport {
    /// Whether nothing is placed if something can't be.
    pub all_or_none: bool,
    /// What has a place.
    pub placed: Vec<PlacedTold>,
    /// What has none.
    pub refused: Vec<RefusedTold>,
}

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedTold {
    /// What.
    pub name: String,
    /// Where.
    pub machine: String,
    /// On which of its NUMA nodes, if the plan asks for nodes.
    pub nodes: Vec<u8>,
}

/// What has no place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedTold {
    /// What.
    pub name: String,
    /// Why each machine refuses it beside what was placed before.
    pub reasons: Vec<ReasonTold>,
}

impl Order {
    /// So many of one plan.
    #[must_use]
    pub fn of(plan: &str, ask: Ask, count: usize) -> Self {
        let name = |number: usize| match count {
            1 => plan.to_owned(),
            _ => format!("{plan} {number}"),
        };
        Self {
            asks: (1..=count).map(|number| (name(number), ask)).collect(),
            is_all_or_none: false,
        }
    }
}

impl PlaceReport {
    /// Places them in their order; what is placed takes room from what follows. The fleet is as before
    /// afterwards.
    pub fn new(loaded: &mut Loaded, order: &Order) -> Self {
        let (mark, count) = (loaded.fleet.mark(), loaded.fleet.vms.len());
        let mut report = Self {
            all_or_none: order.is_all_or_none,
            placed: Vec::new(),
            refused: Vec::new(),
        };
        if order.is_all_or_none {
            report.all(loaded, order);
        } else {
            report.each(loaded, &order.asks);
        }
        loaded.fleet.back(mark);
        loaded.fleet.vms.truncate(count);
        report
    }

    fn all(&mut self, loaded: &mut Loaded, order: &Order) {
        let asks: Vec<Ask> = order.asks.iter().map(|one| one.1).collect();
        match loaded.fleet.place_group(&asks) {
            Ok(placed) => {
                for (placed, (name, _)) in placed.iter().zip(&order.asks) {
                    self.placed
                        .push(PlacedTold::new(loaded, name, placed.place));
                }
            }
            Err(refused) => {
                // What it was refused beside is placed again, to see why.
                self.each(loaded, &order.asks[..=refused.which]);
                self.placed.clear();
            }
        }
    }

    fn each(&mut self, loaded: &mut Loaded, asks: &[(String, Ask)]) {
        for (name, ask) in asks {
            match loaded.fleet.place(ask) {
                Ok(placed) => {
                    let told = PlacedTold::new(loaded, name, placed.place);
                    self.placed.push(told);
                }
                Err(_) => self.refused.push(RefusedTold {
                    name: name.clone(),
                    reasons: reasons(loaded, ask),
                }),
            }
        }
    }
}

impl PlacedTold {
    fn new(loaded: &Loaded, name: &str, place: Place) -> Self {
        let is_used = |node: &u8| place.nodes & (1 << node) != 0;
        Self {
            name: name.to_owned(),
            machine: machine(loaded, place.machine),
            nodes: (0..8).filter(is_used).collect(),
        }
    }

    fn line(&self) -> String {
        let nodes: Vec<String> = self.nodes.iter().map(ToString::to_string).collect();
        let nodes = match nodes.len() {
            0 => String::new(),
            1 => format!(", NUMA node {}", nodes[0]),
            _ => format!(", NUMA nodes {}", nodes.join(", ")),
        };
        format!("{}: {}{nodes}", self.name, self.machine)
    }
}

impl Report for PlaceReport {
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.placed.iter().map(PlacedTold::line).collect();
        let refused = self.refused.iter();
        lines.extend(
            refused.map(|one| format!("no place: {} ({})", one.name, joined(&one.reasons))),
        );
        if self.placed.is_empty() && self.refused.is_empty() {
            lines.push("Nothing waits for a place.".to_owned());
        } else if self.all_or_none && !self.refused.is_empty() {
            lines.push("None is placed, since not all have a place.".to_owned());
        } else {
            let all = self.placed.len() + self.refused.len();
            lines.push(format!("{} of {all} placed", self.placed.len()));
        }
        lines
    }

    fn complaint(&self) -> Option<String> {
        let refused = self.refused.len();
        let have = words::verb(refused, "has", "have");
        (refused > 0).then(|| {
            format!(
                "{} {have} no place",
                words::count(refused, "virtual machine")
            )
        })
    }
}
