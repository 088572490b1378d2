//! Statements in SQL that a connection prepares once. diesel's `sql_query` is prepared at every use: one
//! trip more, and a plan that nobody uses again.

use std::marker::PhantomData;

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{HasSqlType, Untyped},
};

/// A statement with `$1`, `$2` and so on, and their values in this order.
pub(crate) struct Sql<'a> {
    text: &'static str,
    values: Vec<Box<dyn QueryFragment<Pg> + Send + 'a>>,
}

struct Value<S, T>(T, PhantomData<S>);

impl<'a> Sql<'a> {
    pub(crate) fn new(text: &'static str) -> Self {
        let values = Vec::new();
        Self { text, values }
    }

    pub(crate) fn bind<S, T>(mut self, value: T) -> Self
    where
        Pg: HasSqlType<S>,
        S: Send + 'a,
        T: ToSql<S, Pg> + Send + 'a,
    {
        self.values
            .push(Box::new(Value::<S, T>(value, PhantomData)));
        self
    }
}

impl<S, T> QueryFragment<Pg> for Value<S, T>
where
    Pg: HasSqlType<S>,
    T: ToSql<S, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<S, T>(&self.0)
    }
}

impl QueryFragment<Pg> for Sql<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.text);
        // diesel writes a placeholder where it takes a value. Ours are in the text, more than once
        // some of them, so its own go into a comment.
        out.push_sql("\n-- ");
        for value in &self.values {
            value.walk_ast(out.reborrow())?;
        }
        Ok(())
    }
}

/// Kept by its text.
impl QueryId for Sql<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql<'_> {
    type SqlType = Untyped;
}
