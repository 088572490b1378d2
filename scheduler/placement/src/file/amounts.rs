//! Amounts by the name of the dimension.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserializer,
    de::{Error, MapAccess, Visitor},
};

/// Amounts by the name of the dimension.
pub type Amounts = BTreeMap<String, i64>;

/// The most of anything: 2^53, which every program that writes JSON can still write.
pub(super) const MOST: i64 = 1 << 53;
/// The most in all: with it no sum that the engine makes is too large.
pub(super) const MOST_IN_ALL: i128 = 1 << 61;

/// Refuses a dimension that is there twice: one of the two amounts would be lost.
pub(super) fn once<'de, D: Deserializer<'de>>(from: D) -> Result<Amounts, D::Error> {
    from.deserialize_map(Once)
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Amounts;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("amounts by the name of the dimension")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Amounts, A::Error> {
        let mut amounts = Amounts::new();
        while let Some((name, amount)) = from.next_entry::<String, i64>()? {
            if amounts.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the dimension {name:?} is there twice"
                )));
            }
            amounts.insert(name, amount);
        }
        Ok(amounts)
    }
}
