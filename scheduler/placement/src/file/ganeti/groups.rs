//! Node groups, and how often a core is sold in them.

use super::lines::Line;
use crate::file::names::Map;

/// Ganeti's own, where no policy says.
const USUAL_RATIO: i64 = 4_000;

/// A node group.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    /// Whether nothing new goes there.
    pub(super) is_unallocable: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Groups<'a> {
    by_id: Map<&'a str, Group<'a>>,
    names: Map<&'a str, ()>,
    /// In thousandths, by the group's name; the cluster's own has an empty one.
    ratios: Map<&'a str, i64>,
}

impl<'a> Groups<'a> {
    pub(super) fn add(&mut self, line: &Line<'a>) -> Result<(), String> {
        line.has("a group", 4, 5)?;
        let (name, id) = (line.columns[0], line.columns[1]);
        let is_unallocable = match line.columns[2] {
            // New instances go to a group of last resort too: its room is room. That others are full
            // before isn't asked.
            "preferred" | "last_resort" => false,
            "unallocable" => true,
            other => {
                return Err(format!(
                    "the allocation policy {other:?} is none of preferred, last_resort and unallocable"
                ));
            }
        };
        let group = Group {
            name,
            is_unallocable,
        };
        if self.names.insert(name, ()).is_some() || self.by_id.insert(id, group).is_some() {
            return Err(format!("there are two groups {name:?}, or of its id"));
        }
        Ok(())
    }

    /// The last but one column is how many vCPUs are sold for a core.
    pub(super) fn policy(&mut self, line: &Line<'a>) -> Result<(), String> {
        let is_paired = line
            .columns
            .get(2)
            .is_some_and(|column| column.contains(';'));
        // Before 2.12 the least and the most were columns of their own.
        let count = if is_paired { 6 } else { 7 };
        line.has("a policy", count, count)?;
        let owner = line.columns[0];
        if !owner.is_empty() && !self.names.contains_key(owner) {
            return Err(format!("there is no group {owner:?}"));
        }
        let text = line.columns[count - 2];
        let ratio = thousandths(text);
        let ratio = ratio.ok_or_else(|| format!("the vCPU ratio {text:?} is not 0.1 to 1000"))?;
        self.ratios.insert(owner, ratio);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn of(&self, id: &str) -> Result<&Group<'a>, String> {
        let group = self.by_id.get(id);
        group.ok_or_else(|| format!("there is no group with the id {id:?}"))
    }

    pub(super) fn ratio(&self, group: &Group<'_>) -> i64 {
        let own = self.ratios.get(group.name);
        *own.or_else(|| self.ratios.get("")).unwrap_or(&USUAL_RATIO)
    }
}

/// Haskell writes 4.0, and 1.0e-2 too.
fn thousandths(text: &str) -> Option<i64> {
    let ratio: f64 = text.parse().ok()?;
    let is_sane = (0.1..=1_000.0).contains(&ratio);
    is_sane.then(|| (ratio * 1_000.0).round() as i64)
}
