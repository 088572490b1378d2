//! Global ids as the API shows them: opaque to its users, parsed once into a typed id.

use std::fmt;

use uuid::Uuid;

use crate::{Error, ErrorCode, Id, Result, id::ID_KINDS, message};

/// An id whose noun is only known when it is read: the argument of `node(id:)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GlobalId {
    /// The noun, as in GraphQL.
    pub noun: &'static str,
    /// The row's key.
    pub uuid: Uuid,
}

impl GlobalId {
    /// That of a typed id.
    pub fn of<T: Id>(id: T) -> Self {
        Self {
            noun: T::NOUN,
            uuid: id.into(),
        }
    }

    /// Reads `prefix_hex`. Anything else is [`ErrorCode::InvalidId`].
    pub fn parse(text: &str) -> Result<Self> {
        let (prefix, hex) = text.split_once('_').ok_or_else(invalid)?;
        let noun = ID_KINDS
            .iter()
            .find_map(|(known, noun)| (*known == prefix).then_some(*noun))
            .ok_or_else(invalid)?;
        // Only the canonical form, so that one thing has one id.
        let canonical = hex.len() == 32
            && hex
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let uuid = Uuid::try_parse(hex).map_err(|_| invalid())?;
        if canonical {
            Ok(Self { noun, uuid })
        } else {
            Err(invalid())
        }
    }
}

/// Reads an id that must be of the noun of `T`.
pub(crate) fn parse_typed<T: Id>(text: &str) -> Result<T> {
    let id = GlobalId::parse(text)?;
    if id.noun == T::NOUN {
        Ok(T::from(id.uuid))
    } else {
        Err(Error::new(
            ErrorCode::InvalidId,
            message!(
                "This is the id of a {noun}; give the id of a {noun_wanted}.",
                noun = id.noun,
                noun_wanted = T::NOUN,
            ),
        ))
    }
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = ID_KINDS.iter().find(|(_, noun)| *noun == self.noun);
        let prefix = known.map_or("", |(prefix, _)| prefix);
        write!(f, "{prefix}_{}", self.uuid.simple())
    }
}

fn invalid() -> Error {
    Error::new(
        ErrorCode::InvalidId,
        "This is not an id that Berth gave out. Copy it unchanged.",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{DeploymentId, MachineId};

    proptest! {
        #[test]
        fn an_id_reads_back(bits: u128) {
            let id = DeploymentId(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<DeploymentId>().unwrap(), id);
            prop_assert!(id.to_string().parse::<MachineId>().is_err());
        }

        #[test]
        fn what_parses_is_canonical(text in "\\PC{0,48}") {
            if let Ok(id) = GlobalId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn prefixes_are_unique() {
        let mut prefixes: Vec<_> = ID_KINDS.iter().map(|(prefix, _)| prefix).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        assert_eq!(prefixes.len(), ID_KINDS.len());
    }
}
