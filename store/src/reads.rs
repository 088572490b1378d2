//! What reading is the same for every noun: one by id, several by ids, and pages in the order of
//! ids.
//!
//! A page is one query: it asks for a row more than is wanted, which tells whether there are more.

use berth_model::{Error, Page, PageRequest, Result, message};

/// The most rows of a page.
pub(crate) const PAGE_LIMIT: i64 = 200;

/// Defines `X_get` and `X_by_ids` of a noun whose row is one table's.
macro_rules! reads {
    (
        $noun:literal, $action:ident, $table:ident, $row:ty => $model:ty,
        $get:ident, $by_ids:ident, $id:ty
    ) => {
        impl crate::Store {
            #[doc = concat!("The ", $noun, "; `NOT_FOUND` when the caller can't see it.")]
            pub async fn $get(&self, cx: &crate::Cx, id: $id) -> berth_model::Result<$model> {
                berth_model::policy::check(&cx.actor, berth_model::policy::Action::$action)?;
                let row = $table::table.find(id.0).select(<$row>::as_select());
                let rows: Vec<$row> = self.rows(cx, row).await?;
                let found = rows.into_iter().next();
                crate::reads::noun(found.ok_or_else(|| berth_model::Error::not_found($noun))?)
            }

            #[doc = concat!("Each ", $noun, " of these ids that the caller can see, by its id.")]
            pub async fn $by_ids(
                &self,
                cx: &crate::Cx,
                ids: &[$id],
            ) -> berth_model::Result<std::collections::HashMap<$id, $model>> {
                berth_model::policy::check(&cx.actor, berth_model::policy::Action::$action)?;
                let rows = $table::table
                    .filter($table::id.eq_any(crate::reads::uuids(ids)))
                    .select(<$row>::as_select());
                let rows: Vec<$row> = self.rows(cx, rows).await?;
                rows.into_iter()
                    .map(|row| {
                        let item: $model = crate::reads::noun(row)?;
                        Ok((item.id, item))
                    })
                    .collect()
            }
        }
    };
}

/// Defines `read` of a row: the same inside a transaction that goes on.
macro_rules! row_read {
    ($noun:literal, $table:ident, $row:ty => $model:ty, $id:ty) => {
        impl $row {
            /// In a transaction: the row as its noun; `NOT_FOUND` when the scope can't see it.
            pub(crate) async fn read(
                tx: &mut crate::tx::Tx,
                id: $id,
            ) -> berth_model::Result<$model> {
                let row: Result<$row, _> = $table::table
                    .find(id.0)
                    .select(<$row>::as_select())
                    .first(&mut **tx)
                    .await;
                crate::reads::noun(row.map_err(crate::error::not_found($noun))?)
            }
        }
    };
}

/// Narrows a boxed query to a page in the order of `$id`, and one row more.
macro_rules! keyset {
    ($query:expr, $id:expr, $page:expr) => {{
        let page: berth_model::PageRequest = $page;
        let query = $query.limit(crate::reads::limit(page)?);
        match (page.backward, page.after) {
            (false, None) => query.order($id.asc()),
            (false, Some(after)) => query.filter($id.gt(after)).order($id.asc()),
            (true, None) => query.order($id.desc()),
            (true, Some(before)) => query.filter($id.lt(before)).order($id.desc()),
        }
    }};
}

pub(crate) use {keyset, reads, row_read};

/// The rows to ask for.
pub(crate) fn limit(page: PageRequest) -> Result<i64> {
    if (1..=PAGE_LIMIT).contains(&page.limit) {
        Ok(page.limit + 1)
    } else {
        let field = if page.backward { "last" } else { "first" };
        Err(Error::invalid(
            field,
            message!("Ask for 1 to {most} at once.", most = PAGE_LIMIT),
        ))
    }
}

/// The page of the rows that [`keyset`] asked for.
pub(crate) fn page_of<R, T>(mut rows: Vec<R>, page: PageRequest) -> Result<Page<T>>
where
    T: TryFrom<R>,
    Error: From<T::Error>,
{
    let wanted = usize::try_from(page.limit).unwrap_or(0);
    let has_more = rows.len() > wanted;
    rows.truncate(wanted);
    if page.backward {
        rows.reverse();
    }
    let items = rows
        .into_iter()
        .map(|row| Ok(T::try_from(row)?))
        .collect::<Result<_>>()?;
    Ok(Page { items, has_more })
}

/// A row as the noun that it holds.
pub(crate) fn noun<R, T>(row: R) -> Result<T>
where
    T: TryFrom<R>,
    Error: From<T::Error>,
{
    Ok(T::try_from(row)?)
}

/// Typed ids as the database knows them.
pub(crate) fn uuids<I: berth_model::Id>(ids: &[I]) -> Vec<uuid::Uuid> {
    ids.iter().map(|id| (*id).into()).collect()
}
