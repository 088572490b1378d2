//! The statements that one request sends, as PostgreSQL's log tells them.

use std::fmt::Write as _;

use berth_tests::{Api, World};
use serde_json::json;

/// Statements in their order.
#[derive(Debug)]
pub struct Statements(Vec<Statement>);

#[derive(Debug)]
enum Statement {
    /// Sent as text, perhaps several in one message.
    Text(String),
    /// Prepared before, with its parameters as literals.
    Prepared { sql: String, parameters: String },
}

/// Sends the request twice, the second time with PostgreSQL's log open. It must be the only client.
pub async fn of_one_request(world: &World, client: &Api, document: &str) -> Statements {
    let file = std::env::var("BERTH_BENCH_POSTGRES_LOG").expect("scripts/bench names the log");
    let length = |file: &str| usize::try_from(std::fs::metadata(file).unwrap().len()).unwrap();
    client.query(document, json!({})).await;
    logging(world, "SET log_statement = 'all'").await;
    let begin = length(&file);
    client.query(document, json!({})).await;
    logging(world, "RESET log_statement").await;
    let log = std::fs::read_to_string(&file).unwrap();
    let found = read(&log[begin..]);
    assert!(!found.0.is_empty(), "nothing in {file}");
    found
}

/// All sessions look at it before their next statement; our own has seen it when it answers so.
async fn logging(world: &World, setting: &str) {
    for statement in [
        format!("ALTER SYSTEM {setting}"),
        "SELECT pg_reload_conf()".into(),
    ] {
        world.sql.batch_execute(&statement).await.unwrap();
    }
    let wanted = if setting.starts_with("SET") {
        "all"
    } else {
        "none"
    };
    let seen = || async {
        let row = world
            .sql
            .query_one("SHOW log_statement", &[])
            .await
            .unwrap();
        (row.get::<_, String>(0) == wanted).then_some(())
    };
    berth_tests::until(std::time::Duration::from_secs(10), seen, || setting.into()).await;
}

fn read(log: &str) -> Statements {
    let mut found = Vec::new();
    let mut ours = None;
    for line in log.lines() {
        let (head, text) = line.split_once("  ").unwrap_or((line, ""));
        // "2026-01-01 00:00:00.000 UTC [123] LOG:"
        let process = head.split(['[', ']']).nth(1).map(str::to_owned);
        if head.ends_with("LOG:") {
            if text.contains("ALTER SYSTEM")
                || text.contains("pg_reload_conf")
                || text.contains("log_statement")
            {
                ours = process;
                continue;
            }
            if process == ours {
                continue;
            }
            if let Some(sql) = text.strip_prefix("statement: ") {
                found.push(Statement::Text(sql.to_owned()));
            } else if let Some(sql) = text.strip_prefix("execute ") {
                let sql = sql.split_once(": ").unwrap().1.to_owned();
                found.push(Statement::Prepared {
                    sql,
                    parameters: String::new(),
                });
            }
        } else if let Some(given) = text.strip_prefix("parameters: ")
            && let Some(Statement::Prepared { parameters, .. }) = found.last_mut()
        {
            literals(given).clone_into(parameters);
        }
    }
    Statements(found)
}

/// `$1 = '\x00', $2 = '21'` as `'\x00', '21'`.
fn literals(given: &str) -> String {
    let mut texts = Vec::new();
    for part in given.split(", $") {
        texts.push(part.split_once(" = ").unwrap().1);
    }
    texts.join(", ")
}

/// One question in its transaction.
#[derive(Debug)]
pub struct Question {
    /// What begins the transaction: its role and settings.
    pub begin: String,
    /// The question, with `$1` and so on.
    pub sql: String,
    /// Its parameters as literals.
    pub parameters: String,
}

impl Statements {
    /// The first question to a table.
    pub fn question(&self, table: &str) -> Question {
        let from = format!("FROM \"{table}\"");
        let asks = |statement: &Statement| matches!(statement, Statement::Prepared { sql, .. } if sql.contains(&from));
        let at = self.0.iter().position(asks);
        let at = at.unwrap_or_else(|| panic!("nobody asks {table}: {self:#?}"));
        let begin = self.0[..at].iter().rev().find_map(|one| match one {
            Statement::Text(sql) if sql.starts_with("BEGIN") => Some(sql.clone()),
            _ => None,
        });
        let Statement::Prepared { sql, parameters } = &self.0[at] else {
            unreachable!("that is what was looked for")
        };
        Question {
            begin: begin.unwrap(),
            sql: sql.clone(),
            parameters: parameters.clone(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        let each = |statement: &Statement| match statement {
            Statement::Text(sql) => sql
                .split(';')
                .filter(|part| !part.trim().is_empty())
                .count(),
            Statement::Prepared { .. } => 1,
        };
        self.0.iter().map(each).sum()
    }

    /// How many messages they are. `pgbench` waits for the answer to each.
    pub fn messages(&self) -> usize {
        self.0.len()
    }

    /// As a script of `pgbench`, with each prepared statement prepared once for a connection, and
    /// what went in one trip in one trip.
    pub fn pgbench(&self) -> String {
        let (mut prepare, mut run) = (String::new(), String::new());
        for (number, statement) in self.0.iter().enumerate() {
            match statement {
                Statement::Text(sql) => {
                    let sql = sql.trim_end_matches(';').replace(';', "\\;");
                    writeln!(run, "{sql};").unwrap();
                }
                Statement::Prepared { sql, parameters } => {
                    writeln!(prepare, "PREPARE s{number} AS {sql};").unwrap();
                    writeln!(run, "EXECUTE s{number}({parameters});").unwrap();
                }
            }
        }
        format!("\\if :fresh\n{prepare}\\set fresh 0\n\\endif\n{run}")
    }
}
