//! Catching statements, and explaining them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use berth_model::{Actor, Caller, StorefrontId, TenantId};
use berth_store::{Cx, testing::TestDatabase};
use diesel::{
    QueryableByName,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

static CAUGHT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The catching is for the whole process: one test at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

pub fn caught() -> MutexGuard<'static, Vec<String>> {
    CAUGHT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn catcher() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            caught().push(query.to_string());
        }
    }))
}

/// A filled database whose statements are caught.
pub struct Filled {
    pub database: TestDatabase,
    pub owner: AsyncPgConnection,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl Filled {
    pub async fn new(fill: &str) -> Self {
        let turn = TURN.lock().await;
        set_default_instrumentation(catcher).unwrap();
        let database = TestDatabase::new().await;
        let owner = AsyncPgConnection::establish(&database.owner_url).await;
        let mut owner = owner.unwrap();
        for statement in fill.split_inclusive(';') {
            owner.batch_execute(statement).await.unwrap();
        }
        settle(&mut owner).await;
        // What a new connection says is said before anything is looked for.
        database.store.ping().await.unwrap();
        Self {
            database,
            owner,
            _turn: turn,
        }
    }
}

/// The most times that the tables are vacuumed until all of their pages are known to be visible.
const ROUNDS_MOST: usize = 200;

/// Plans depend on what an index-only scan would cost, and so on the pages that are known to be
/// visible to all. A vacuum can't know it while anybody looks at an older state, as autovacuum does
/// now and then: it's done again until it could.
async fn settle(owner: &mut AsyncPgConnection) {
    const HIDDEN: &str = "SELECT c.relname::text AS name FROM pg_class c \
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace \
           AND c.relallvisible < c.relpages";
    let mut hidden: Vec<Table> = Vec::new();
    for _ in 0..ROUNDS_MOST {
        owner.batch_execute("VACUUM ANALYZE").await.unwrap();
        hidden = sql_query(HIDDEN).load(owner).await.unwrap();
        if hidden.is_empty() {
            return;
        }
    }
    let names: Vec<&str> = hidden.iter().map(|table| table.name.as_str()).collect();
    panic!("somebody looks at an old state of the tables {names:?}");
}

pub fn storefront(number: u128) -> StorefrontId {
    StorefrontId(Uuid::from_u128(
        0x1000_0000_0000_7000_8000_0000_0000_0000 + number,
    ))
}

pub fn tenant(number: u128) -> TenantId {
    TenantId(Uuid::from_u128(
        0x2000_0000_0000_7000_8000_0000_0000_0000 + number,
    ))
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

pub fn cx(caller: Caller) -> Cx {
    Cx::new(Actor::new(caller))
}

pub fn scope(caller: &Caller) -> &'static str {
    match caller {
        Caller::Platform(_) => "platform",
        Caller::Storefront(_) => "storefront",
        Caller::Tenant(..) => "tenant",
        Caller::Account(..) => "account",
        Caller::Visitor(_) => "visitor",
        Caller::Worker(_) => "worker",
    }
}

/// The plan of the one statement that ran between BEGIN and COMMIT, in its scope.
pub async fn explain(owner: &mut AsyncPgConnection) -> String {
    explained(owner).await.0
}

/// The plan, and how many rows the busiest of its nodes reads: what it gives and what it leaves out.
pub async fn explained(owner: &mut AsyncPgConnection) -> (String, u64) {
    let ran = caught().clone();
    let [begin, query, commit] = ran.as_slice() else {
        panic!("not one statement in a transaction: {ran:#?}");
    };
    assert!(
        begin.starts_with("BEGIN; SET LOCAL ROLE") && commit == "COMMIT",
        "{ran:#?}"
    );
    let plan = explain_in(owner, begin, query).await;
    let analyzed = planned(owner, begin, query, "ANALYZE, TIMING OFF, SUMMARY OFF, ").await;
    (plan, rows_read(&analyzed))
}

fn rows_read(analyzed: &str) -> u64 {
    let number = |line: &str, word: &str| -> Option<u64> {
        let rest = line.split_once(word)?.1;
        rest.split([' ', ')']).next()?.parse().ok()
    };
    let (mut most, mut loops) = (0, 1);
    for line in analyzed.lines() {
        if let Some(rows) = number(line, "actual rows=") {
            loops = number(line, "loops=").unwrap();
            most = most.max(rows * loops);
        }
        if let Some(rows) = number(line, "Rows Removed by Filter: ") {
            most = most.max(rows * loops);
        }
    }
    most
}

pub async fn explain_in(owner: &mut AsyncPgConnection, begin: &str, query: &str) -> String {
    planned(owner, begin, query, "").await
}

async fn planned(owner: &mut AsyncPgConnection, begin: &str, query: &str, how: &str) -> String {
    let (sql, binds) = query.split_once(" -- binds: ").unwrap();
    let binds: Vec<String> = binds_of(binds).iter().map(|bind| literal(bind)).collect();
    // As the pool's connections do at first: planned for these very values.
    owner
        .batch_execute("SET plan_cache_mode = force_custom_plan; DEALLOCATE ALL")
        .await
        .unwrap();
    owner.batch_execute(begin).await.unwrap();
    owner
        .batch_execute(&format!("PREPARE hot AS {sql}"))
        .await
        .unwrap();
    let arguments = if binds.is_empty() {
        String::new()
    } else {
        format!("({})", binds.join(", "))
    };
    let explain = format!("EXPLAIN ({how}COSTS OFF) EXECUTE hot{arguments}");
    let lines: Vec<Line> = sql_query(explain).load(owner).await.unwrap();
    owner
        .batch_execute("ROLLBACK; DEALLOCATE ALL")
        .await
        .unwrap();
    let plan: Vec<String> = lines.into_iter().map(|row| row.line).collect();
    // Values differ from run to run (a token's hash, the time): the plan is what counts.
    binds.iter().fold(plan.join("\n"), |plan, bind| {
        if bind.len() > 4 {
            plan.replace(bind.trim_matches('\''), "…")
        } else {
            plan
        }
    })
}

/// The top-level parts of diesel's `[a, b, [1, 2]]`.
fn binds_of(text: &str) -> Vec<String> {
    let inner = text
        .trim()
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap();
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for character in inner.chars() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(character);
    }
    parts
        .iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

fn literal(bind: &str) -> String {
    if bind.starts_with("[\"") {
        let words = bind.trim_matches(['[', ']']).replace(['"', ' '], "");
        return format!("'{{{words}}}'");
    }
    if bind.starts_with('[') && bind.contains('-') {
        return format!("'{{{}}}'", bind.trim_matches(['[', ']']));
    }
    if let Some(bytes) = bind.strip_prefix('[') {
        let hex = bytes
            .trim_end_matches(']')
            .split(", ")
            .map(|byte| byte.parse::<u8>().unwrap());
        return format!(
            "'\\x{}'",
            hex.map(|byte| format!("{byte:02x}")).collect::<String>()
        );
    }
    if bind.parse::<i64>().is_ok() {
        bind.to_owned()
    } else {
        format!("'{}'", bind.trim_matches('"'))
    }
}
