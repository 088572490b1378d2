//! What tests log, and the secrets that must not be in it: `scripts/check-logs` looks for them.
//!
//! Each program writes `NAME.log`, a line of JSON for each event, at Berth's finest level, and
//! `NAME.planted`, a line for each secret that has no form of its own by which it could be known:
//! its kind, a tab, and the secret.

use std::{
    collections::HashSet,
    env,
    fs::{self, File, OpenOptions},
    io::Write,
    panic,
    path::{Path, PathBuf},
    sync::{Mutex, Once, PoisonError},
};

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Binary, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use super::{APP_PASSWORD, KEYRING, server_url};
use crate::{Keyring, keys::sealed_queries};

/// The variable that names the folder.
pub const DIRECTORY_VARIABLE: &str = "BERTH_TEST_LOGS";

/// What is logged in tests: everything of Berth, and much of what it stands on.
pub const FILTER: &str = "debug,berth=trace";

/// Shorter ones would be found by chance.
const SHORTEST: usize = 7;

/// What was planted so far.
static PLANTED: Mutex<Option<(File, HashSet<String>)>> = Mutex::new(None);

/// Where logs are: what [`DIRECTORY_VARIABLE`] says, or `var/test/logs`.
#[must_use]
pub fn directory() -> PathBuf {
    env::var_os(DIRECTORY_VARIABLE).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../var/test/logs"),
        PathBuf::from,
    )
}

/// A file of this program's in that folder.
#[must_use]
pub fn file(ending: &str) -> PathBuf {
    let program = env::current_exe().expect("a program has a file");
    let name = program
        .file_stem()
        .expect("a file has a name")
        .to_string_lossy();
    directory().join(format!("{name}.{ending}"))
}

/// Begins to log, panics included, once in a program.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        fs::create_dir_all(directory()).expect("the folder for logs can be made");
        let log = File::create(file("log")).expect("the log can be written");
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .with_writer(Mutex::new(log));
        tracing_subscriber::registry()
            .with(EnvFilter::new(FILTER))
            .with(layer)
            .try_init()
            .expect("nobody else logs in this program");
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            tracing::error!("{info}");
            before(info);
        }));
        plant("database password", APP_PASSWORD);
        plant("keyring key", key(KEYRING));
        if let Some(password) = password(&server_url()) {
            plant("database password", password);
        }
    });
}

/// What this program logged so far.
#[must_use]
pub fn text() -> String {
    let bytes = fs::read(file("log")).expect("the log was begun");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// From now on this secret must be in no log, as it is or as forms, URLs, people and `{:?}` of its
/// bytes write it.
pub fn plant(kind: &str, secret: &str) {
    assert!(
        secret.len() >= SHORTEST,
        "a {kind} is too short to look for"
    );
    let bytes = format!("{:?}", secret.as_bytes());
    let mut forms = HashSet::from([
        secret.to_owned(),
        secret.replace(' ', "+"),
        secret.replace(' ', "%20"),
        bytes.trim_matches(['[', ']']).to_owned(),
        secret.replace([' ', '-'], ""),
    ]);
    forms.retain(|form| form.len() > SHORTEST || form == secret);
    let mut planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner);
    let (list, known) = planted.get_or_insert_with(|| (list(), HashSet::new()));
    for form in forms {
        let line = format!("{kind}\t{form}\n");
        if known.insert(line.clone()) {
            list.write_all(line.as_bytes())
                .expect("the list can be written");
        }
    }
}

fn list() -> File {
    fs::create_dir_all(directory()).expect("the folder for logs can be made");
    let mut options = OpenOptions::new();
    let options = options.create(true).write(true).truncate(true);
    options.open(file("planted")).expect("the list can be made")
}

/// The digits of a keyring's line.
#[must_use]
pub fn key(line: &str) -> &str {
    line.split_once(':').map_or(line, |(_, key)| key)
}

fn password(url: &str) -> Option<&str> {
    let (user, _) = url.split_once("://")?.1.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

#[derive(QueryableByName)]
struct SealedRow {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    key_id: String,
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
}

/// Plants what a database keeps sealed at its end. Not all of them have the tables, nor the tests'
/// own key.
pub(super) async fn plant_sealed(owner_url: &str) {
    let Ok(mut connection) = AsyncPgConnection::establish(owner_url).await else {
        return;
    };
    let keyring = Keyring::parse(KEYRING).expect("the line is one");
    for (table, query) in sealed_queries() {
        let rows: Result<Vec<SealedRow>, _> = sql_query(query).load(&mut connection).await;
        for row in rows.unwrap_or_default() {
            let opened = keyring.open(&row.key_id, &row.place, &row.sealed);
            if let Some(secret) = opened.ok().and_then(|opened| shown(table, opened)) {
                plant(table, &secret);
            }
        }
    }
}

/// An opened secret as people would see it.
fn shown(table: &str, opened: Vec<u8>) -> Option<String> {
    match table {
        "account_authenticators" => {
            let app = totp_rs::Builder::new().with_secret(opened).build();
            Some(app.ok()?.secret().to_base32())
        }
        // What else a notice tells is no secret.
        "notices" => code(&serde_json::from_slice(&opened).ok()?),
        _ => String::from_utf8(opened).ok(),
    }
}

fn code(body: &serde_json::Value) -> Option<String> {
    let mut parts = body.as_object()?.iter();
    parts.find_map(|(name, value)| match value.as_str() {
        Some(text) if name == "code" => Some(text.to_owned()),
        _ => code(value),
    })
}
