//! A database with notices in it, and postmen.

use std::{sync::Arc, time::Duration};

use berth_domains_mail::{
    Mailer, Postman, PostmanConfig, SmtpConfig, SmtpSecurity, TransportConfig,
};
use berth_model::{EmailAddress, NoticeBody, Scope, TenantId};
use berth_store::{
    NewNotice,
    testing::{self, TestDatabase, logs},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};
use tokio_postgres::{NoTls, connect};
use tokio_util::sync::CancellationToken;

use crate::server::{PATIENCE, Server};

pub const CODE: &str = "482 913";

pub fn reset() -> NoticeBody {
    NoticeBody::PasswordReset {
        code: CODE.to_owned(),
    }
}

pub struct World {
    pub database: TestDatabase,
}

/// A postman that works.
pub struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    /// Until what it began is written down.
    pub async fn stopped(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

impl World {
    pub async fn new() -> Self {
        logs::plant("mail code", CODE);
        Self {
            database: TestDatabase::new().await,
        }
    }

    /// Writes a notice to an address.
    pub async fn write(&self, email: &str, body: &NoticeBody) {
        let email: EmailAddress = email.parse().unwrap();
        let notice = NewNotice {
            tenant_id: TenantId::PLATFORM,
            storefront_id: None,
            name: "Anna",
            email: &email,
            locale: None,
            body,
            dedupe_key: None,
        };
        let written = testing::notice_write(&self.database.store, Scope::Auth, notice);
        written.await.unwrap();
    }

    fn postman(&self, mailer: Option<Mailer>, concurrency: usize) -> Postman {
        let database = &self.database;
        Postman::new(
            database.store.clone(),
            database.store.operation_feed(),
            mailer.map(Arc::new),
            PostmanConfig {
                concurrency,
                poll: Duration::from_millis(50),
            },
            database.clock.clone(),
            database.ids.clone(),
        )
    }

    pub fn start(&self, mailer: Option<Mailer>, concurrency: usize) -> Working {
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.postman(mailer, concurrency).run(stop.clone()));
        Working { stop, task }
    }

    /// A postman that can be killed, with its runtime.
    pub fn start_apart(&self, mailer: Mailer, concurrency: usize) -> Runtime {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        let inside = runtime.enter();
        let postman = self.postman(Some(mailer), concurrency);
        runtime.spawn(postman.run(CancellationToken::new()));
        drop(inside);
        runtime
    }

    /// Each notice's address and state, and whether its body is there, in the order of writing.
    pub async fn states(&self) -> Vec<String> {
        let (client, connection) = connect(&self.database.owner_url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let query = "SELECT split_part(recipient_email, '@', 1) || ' ' || state
                        || CASE WHEN sealed IS NULL THEN '' ELSE ' sealed' END
                     FROM notices ORDER BY id";
        let rows = client.query(query, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Waits until that is so.
    pub async fn until(&self, wanted: &[&str]) {
        let waiting = async {
            while self.states().await != wanted {
                tokio::task::yield_now().await;
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            panic!("{:?} instead of {wanted:?}", self.states().await);
        }
    }
}

/// One that sends to this server.
pub fn mailer(server: &Server) -> Mailer {
    let from = "notices@provider.example".parse().unwrap();
    let config = TransportConfig::Smtp(SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        security: SmtpSecurity::None,
        ca_file: None,
        login: None,
        time_limit: PATIENCE,
    });
    Mailer::new("Harbour", &from, &config).unwrap()
}
