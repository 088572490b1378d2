//! One query with the wall and without it.

use std::time::Instant;

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{recording::Question, rounds::median};

/// Prepared at both.
pub struct Pair<'a> {
    berth: &'a Client,
    owner: &'a Client,
    begin: String,
    execute: String,
}

impl<'a> Pair<'a> {
    /// Prepares the query: at `berth` in the role that it has, at `owner` with the filter.
    pub async fn new(
        berth: &'a Client,
        owner: &'a Client,
        question: &Question,
        table: &str,
    ) -> Self {
        let session = question
            .begin
            .replace("BEGIN;", "")
            .replace("SET LOCAL", "SET");
        berth.batch_execute(&session).await.unwrap();
        let prepare = |sql: &str| format!("PREPARE asked AS {sql}");
        let walled = question.sql.as_str();
        berth.batch_execute(&prepare(walled)).await.unwrap();
        let filtered = walled.replace(
            &format!("FROM \"{table}\""),
            &format!(
                "FROM (SELECT * FROM {table} WHERE {}) AS \"{table}\"",
                filter(&question.begin, table)
            ),
        );
        owner.batch_execute(&prepare(&filtered)).await.unwrap();
        Self {
            berth,
            owner,
            begin: question.begin.trim_end_matches(';').to_owned(),
            execute: format!("EXECUTE asked({})", question.parameters),
        }
    }

    /// Both give the same rows, and some.
    pub async fn assert_same(&self) {
        let (with, without) = (self.rows(self.berth).await, self.rows(self.owner).await);
        assert_eq!(with, without);
        assert!(!with.is_empty(), "{} gives nothing", self.execute);
    }

    async fn rows(&self, client: &Client) -> Vec<Vec<Option<String>>> {
        let found = client.simple_query(&self.execute).await.unwrap();
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                let fields = (0..row.len()).map(|at| row.get(at).map(str::to_owned));
                Some(fields.collect())
            }
            _ => None,
        };
        found.iter().filter_map(row).collect()
    }

    /// Medians in microseconds of the query alone, with the wall and without it, in turn.
    pub async fn queries(&self, times: usize) -> (f64, f64) {
        self.in_turn(&self.execute, &self.execute, times).await
    }

    /// From now on only transactions have a role.
    pub async fn leave_role(&self) {
        self.berth.batch_execute("RESET ROLE").await.unwrap();
    }

    /// The same of whole transactions.
    pub async fn transactions(&self, times: usize) -> (f64, f64) {
        let with = format!("{}; {}; COMMIT", self.begin, self.execute);
        let without = format!("BEGIN; {}; COMMIT", self.execute);
        self.in_turn(&with, &without, times).await
    }

    async fn in_turn(&self, with: &str, without: &str, times: usize) -> (f64, f64) {
        let (mut walled, mut open) = (Vec::new(), Vec::new());
        for _ in 0..times {
            walled.push(micros(self.berth, with).await);
            open.push(micros(self.owner, without).await);
        }
        (median(&walled), median(&open))
    }

    /// The owner's connection is used again.
    pub async fn end(self) {
        self.owner.batch_execute("DEALLOCATE asked").await.unwrap();
    }
}

async fn micros(client: &Client, sql: &str) -> f64 {
    let started = Instant::now();
    client.batch_execute(sql).await.unwrap();
    started.elapsed().as_secs_f64() * 1e6
}

/// What the policy adds, with the value that the transaction sets.
fn filter(begin: &str, table: &str) -> String {
    let value = |setting: &str| {
        let (_, rest) = begin.split_once(setting)?;
        rest.split('\'').nth(1).map(str::to_owned)
    };
    let (column, id) = match (value("berth.storefront_id"), value("berth.tenant_id")) {
        (Some(id), _) if table == "storefronts" => ("id", id),
        (Some(id), _) => ("storefront_id", id),
        (None, Some(id)) if table == "tenants" => ("id", id),
        (None, Some(id)) => ("tenant_id", id),
        _ => panic!("no scope in {begin}"),
    };
    format!("{column} = '{id}'")
}
