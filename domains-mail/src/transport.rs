//! The ways that a mail can leave: SMTP, a file each in a folder, or memory for tests.

use std::{fmt, path::PathBuf, time::Duration};

use berth_model::{Error, Result};
use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::{
        smtp::{
            self,
            authentication::Credentials,
            client::{Certificate, Tls, TlsParameters},
            response::{Category, Code, Severity},
        },
        stub::AsyncStubTransport,
    },
};

/// Which way mail leaves.
#[derive(Clone, Debug)]
pub enum TransportConfig {
    /// To a mail server.
    Smtp(SmtpConfig),
    /// Each mail as a file `<uuid>.eml` in a folder, which is made if it isn't there.
    File(PathBuf),
    /// Kept in memory, for tests: [`crate::Mailer::sent`].
    Memory,
}

/// A mail server that takes our mail (RFC 6409).
#[derive(Clone, Debug)]
pub struct SmtpConfig {
    /// Its host name; also what its certificate must be for.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// A file with certificates (PEM) to trust beside the usual ones.
    pub ca_file: Option<PathBuf>,
    /// Who we say we are; none for a server that knows us by our address.
    pub login: Option<Login>,
    /// For each command and answer.
    pub time_limit: Duration,
}

/// A user name and a password. Never shown.
#[derive(Clone)]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not at all: for a server on this machine.
    None,
    /// Upgraded before anything is said (RFC 3207); a server that can't is refused.
    StartTls,
    /// From the first byte (RFC 8314).
    Tls,
}

/// Why a mail did not leave.
pub(crate) struct SendError {
    /// The server will never take it.
    pub(crate) is_final: bool,
    pub(crate) cause: Box<dyn std::error::Error + Send + Sync>,
}

impl From<smtp::Error> for SendError {
    fn from(cause: smtp::Error) -> Self {
        // 55x is about this mail (RFC 5321 section 4.2.3). The others are about us or the server, such
        // as a wrong password: it can leave when that is put right.
        let of_the_mail = |code: Code| {
            code.severity == Severity::PermanentNegativeCompletion
                && code.category == Category::MailSystem
        };
        Self {
            is_final: cause.status().is_some_and(of_the_mail),
            cause: cause.into(),
        }
    }
}

/// Ours to put right, such as a full disk: the mail waits.
fn waits(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SendError {
    SendError {
        is_final: false,
        cause: cause.into(),
    }
}

pub(crate) enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    File(PathBuf),
    Memory(AsyncStubTransport),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smtp(_) => "Smtp",
            Self::File(_) => "File",
            Self::Memory(_) => "Memory",
        })
    }
}

impl Transport {
    pub(crate) fn new(config: &TransportConfig) -> Result<Self> {
        Ok(match config {
            TransportConfig::Smtp(config) => Self::Smtp(smtp_transport(config)?),
            TransportConfig::File(folder) => Self::File(folder.clone()),
            TransportConfig::Memory => Self::Memory(AsyncStubTransport::new_ok()),
        })
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => drop(smtp.send(message).await?),
            Self::File(folder) => {
                tokio::fs::create_dir_all(folder).await.map_err(waits)?;
                let files = AsyncFileTransport::<Tokio1Executor>::new(folder);
                files.send(message).await.map_err(waits)?;
            }
            Self::Memory(memory) => memory.send(message).await.map_err(waits)?,
        }
        Ok(())
    }

    pub(crate) async fn sent(&self) -> Vec<String> {
        match self {
            Self::Memory(memory) => memory
                .messages()
                .await
                .into_iter()
                .map(|(_, text)| text)
                .collect(),
            Self::Smtp(_) | Self::File(_) => Vec::new(),
        }
    }
}

fn smtp_transport(config: &SmtpConfig) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
    let tls = match config.security {
        SmtpSecurity::None => Tls::None,
        SmtpSecurity::StartTls => Tls::Required(tls_parameters(config)?),
        SmtpSecurity::Tls => Tls::Wrapper(tls_parameters(config)?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.host.as_str())
        .port(config.port)
        .tls(tls)
        .timeout(Some(config.time_limit));
    if let Some(login) = &config.login {
        builder = builder.credentials(Credentials::new(
            login.username.clone(),
            login.password.clone(),
        ));
    }
    Ok(builder.build())
}

fn tls_parameters(config: &SmtpConfig) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.ca_file {
        let pem = std::fs::read(path).map_err(Error::internal)?;
        builder =
            builder.add_root_certificate(Certificate::from_pem(&pem).map_err(Error::internal)?);
    }
    builder.build().map_err(Error::internal)
}
