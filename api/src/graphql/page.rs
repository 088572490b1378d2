//! Relay connections: cursors that carry their noun, a default and a greatest size.

use async_graphql::{
    OutputType,
    connection::{Connection as RelayConnection, CursorType, Edge},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use berth_model::{Error, ErrorCode, Page, PageRequest, Result, message};

use super::noun::Noun;

/// Length of a page when none is asked for.
pub(crate) const PAGE_DEFAULT: i64 = 20;
/// The longest page.
pub(crate) const PAGE_MAX: i64 = 100;

/// A page of a noun.
pub(crate) type Connection<N> = RelayConnection<Cursor<<N as Noun>::Id>, N>;

/// Where a page begins or ends: a row's id, made opaque.
pub(crate) struct Cursor<I>(I);

impl<I: super::noun::GlobalId> CursorType for Cursor<I> {
    type Error = Error;

    fn decode_cursor(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(
                ErrorCode::InvalidInput,
                "This is not a cursor of this list. Copy it unchanged.",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        let id = String::from_utf8(bytes).map_err(|_| wrong())?;
        id.parse().map(Self).map_err(|_| wrong())
    }

    fn encode_cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.to_string())
    }
}

/// The arguments of every connection.
pub(crate) struct PageArguments {
    /// How many from the beginning.
    pub first: Option<i32>,
    /// Only what comes after this cursor.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// Only what comes before this cursor.
    pub before: Option<String>,
}

impl PageArguments {
    /// As the store takes them.
    pub fn request<I: super::noun::GlobalId>(&self) -> Result<PageRequest> {
        if self.first.is_some() && self.last.is_some() {
            return Err(Error::invalid("last", "Give first or last, not both."));
        }
        let backward = self.last.is_some();
        let (cursor, other) = if backward {
            (("before", &self.before), ("after", &self.after))
        } else {
            (("after", &self.after), ("before", &self.before))
        };
        if other.1.is_some() {
            return Err(Error::invalid(
                other.0,
                "Give after with first, and before with last.",
            ));
        }
        let limit = self.last.or(self.first).map_or(PAGE_DEFAULT, i64::from);
        if !(1..=PAGE_MAX).contains(&limit) {
            let field = if backward { "last" } else { "first" };
            return Err(Error::invalid(
                field,
                message!("Ask for 1 to {most} at once.", most = PAGE_MAX),
            ));
        }
        let after = match cursor.1 {
            Some(text) => {
                let cursor_at = |error: Error| error.at(cursor.0);
                Some(
                    Cursor::<I>::decode_cursor(text)
                        .map_err(cursor_at)?
                        .0
                        .into(),
                )
            }
            None => None,
        };
        Ok(PageRequest {
            limit,
            after,
            backward,
        })
    }
}

/// A page of the store as a connection.
pub(crate) fn connection<N>(request: PageRequest, page: Page<N::Model>) -> Connection<N>
where
    N: Noun + OutputType,
{
    let elsewhere = request.after.is_some();
    let (previous, next) = if request.backward {
        (page.has_more, elsewhere)
    } else {
        (elsewhere, page.has_more)
    };
    let mut connection = RelayConnection::new(previous, next);
    connection.edges.extend(page.items.into_iter().map(|model| {
        let noun = N::wrap(model);
        Edge::new(Cursor(noun.key()), noun)
    }));
    connection
}

#[cfg(test)]
mod tests {
    use berth_model::{DeploymentId, MachineId};

    use super::*;

    fn arguments(first: Option<i32>, last: Option<i32>) -> PageArguments {
        PageArguments {
            first,
            after: None,
            last,
            before: None,
        }
    }

    #[test]
    fn sizes_have_a_default_and_limits() {
        let size = |first, last| {
            arguments(first, last)
                .request::<DeploymentId>()
                .map(|page| page.limit)
        };
        assert_eq!(size(None, None).unwrap(), 20);
        assert_eq!(size(Some(100), None).unwrap(), 100);
        for (first, last, field) in [
            (Some(101), None, "first"),
            (Some(0), None, "first"),
            (Some(-1), None, "first"),
            (None, Some(101), "last"),
            (Some(1), Some(1), "last"),
        ] {
            assert_eq!(size(first, last).unwrap_err().field(), Some(field));
        }
    }

    #[test]
    fn a_cursor_is_of_one_noun() {
        let id = DeploymentId(uuid::Uuid::from_u128(7));
        let text = Cursor(id).encode_cursor();
        assert!(!text.contains("dep_"));
        let page = |after| PageArguments {
            first: None,
            after: Some(after),
            last: None,
            before: None,
        };
        assert_eq!(
            page(text.clone()).request::<DeploymentId>().unwrap().after,
            Some(id.0)
        );
        assert!(page(text).request::<MachineId>().is_err());
        assert!(page("x".to_owned()).request::<DeploymentId>().is_err());
    }
}
