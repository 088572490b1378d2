//! The ways that a mail can leave: SMTP, a file each in a folder, or memory for tests.

use std::{fmt, path::PathBuf, time::Duration};

use berth_model::{Error, Result};
use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::{
        smtp::{
            authentication::Credentials,
            client::{Certificate, Tls, TlsParameters},
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

pub(crate) type SendError = Box<dyn std::error::Error + Send + Sync>;

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
            TransportConfig::Smtp(config) => Self::Smtp(smtp(config)?),
            TransportConfig::File(folder) => Self::File(folder.clone()),
            TransportConfig::Memory => Self::Memory(AsyncStubTransport::new_ok()),
        })
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), SendError> {
        match self {
            Self::Smtp(smtp) => drop(smtp.send(message).await?),
            Self::File(folder) => {
                tokio::fs::create_dir_all(folder).await?;
                AsyncFileTransport::<Tokio1Executor>::new(folder)
                    .send(message)
                    .await?;
            }
            Self::Memory(memory) => memory.send(message).await?,
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

fn smtp(config: &SmtpConfig) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
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
