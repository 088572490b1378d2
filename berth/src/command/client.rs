//! `berth client`

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use berth_model::{
    ClientCreate, ClientFor, GlobalId, PageRequest, PlatformRole, Role, StorefrontId,
};
use berth_store::Store;

use crate::{
    cli::{self, ClientKind},
    config::Config,
    failure::{Exit, Failure},
    output,
    process::parts::{Parts, audited, provider},
};

/// Storefronts that are looked at together.
const PAGE: i64 = 100;

pub(super) async fn create(config: &Config, arguments: cli::ClientCreate) -> Result<(), Failure> {
    let parts = Parts::new(config)?;
    let acts_for = match arguments.kind {
        ClientKind::Platform => match arguments.role {
            None => ClientFor::PROVIDER,
            Some(role) => ClientFor::Platform(platform_role(&role)?),
        },
        ClientKind::Storefront => {
            let name = arguments.storefront.unwrap_or_default();
            ClientFor::Storefront(storefront(&parts.store, &name).await?)
        }
        ClientKind::Tenant => ClientFor::Tenant(
            arguments.tenant.unwrap_or_default().parse()?,
            arguments.role.unwrap_or_default().parse()?,
        ),
    };
    let create = ClientCreate {
        scopes: arguments.scopes,
        redirect_uris: arguments.redirect_uris,
        is_public: arguments.public,
        ..ClientCreate::new(arguments.name, acts_for)
    };
    if create.is_public {
        let (client, _) = parts.store.client_create(&provider(), create).await?;
        output::line(format!("client id      {}", client.id));
        return Ok(());
    }
    let made = client_make(&parts.store, create).await?;
    match arguments.env_file {
        Some(file) => env_file_write(&file, &made, "")?,
        None => {
            output::line(format!("client id      {}", made.id));
            output::line(format!("client secret  {}", made.secret));
        }
    }
    Ok(())
}

fn platform_role(text: &str) -> Result<PlatformRole, Failure> {
    let role: Role = text.parse()?;
    let role = role.platform();
    Ok(role.ok_or_else(|| {
        format!("{text} is no role of the provider's: those begin with PLATFORM_")
    })?)
}

/// A client's id and secret.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Makes a client.
async fn client_make(store: &Store, create: ClientCreate) -> Result<Credentials, Failure> {
    let subject = match create.acts_for {
        ClientFor::Platform(_) => None,
        ClientFor::Storefront(id) => Some(GlobalId::of(id)),
        ClientFor::Tenant(id, _) => Some(GlobalId::of(id)),
    };
    let made = audited(store, "clientCreate", subject, async |cx| {
        store.client_create(cx, create).await
    });
    let (client, secret) = made.await?;
    let secret = secret.ok_or_else(|| "the store gave no secret for a new client".to_owned())?;
    Ok(Credentials {
        id: client.id.to_string(),
        secret,
    })
}

/// The storefront of a name; made if it isn't there.
pub(crate) async fn storefront(store: &Store, name: &str) -> Result<StorefrontId, Failure> {
    let mut request = PageRequest::first(PAGE);
    loop {
        let page = store.storefront_list(&provider(), request).await?;
        if let Some(found) = page
            .items
            .iter()
            .find(|storefront| storefront.brand.name == name)
        {
            return Ok(found.id);
        }
        match page.items.last().filter(|_| page.has_more) {
            Some(last) => request.after = Some(last.id.0),
            None => {
                let made = audited(store, "storefrontCreate", None, async |cx| {
                    store.storefront_create(cx, name.to_owned()).await
                });
                return Ok(made.await?.id);
            }
        }
    }
}

/// The client whose credentials are in a file, if it is one of this database; else a new one, whose
/// credentials are put there. `more` lines go behind them.
pub(crate) async fn client_keep(
    store: &Store,
    file: &Path,
    name: &str,
    acts_for: ClientFor,
    more: &str,
) -> Result<Credentials, Failure> {
    let kept = match env_file_read(file) {
        Ok(kept) => store
            .client_authenticate(&kept.id, &kept.secret)
            .await
            .ok()
            .map(|_| kept),
        Err(_) => None,
    };
    let credentials = match kept {
        Some(kept) => kept,
        None => client_make(store, ClientCreate::new(name, acts_for)).await?,
    };
    env_file_write(file, &credentials, more)?;
    Ok(credentials)
}

/// Reads what [`env_file_write`] wrote.
pub(crate) fn env_file_read(file: &Path) -> Result<Credentials, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|cause| Failure::new(Exit::Unreachable, format!("{}: {cause}", file.display())))?;
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(str::to_owned)
            .ok_or_else(|| format!("{} has no {name}", file.display()))
    };
    Ok(Credentials {
        id: value("BERTH_CLIENT_ID")?,
        secret: value("BERTH_CLIENT_SECRET")?,
    })
}

/// Writes credentials so that `set -a; . FILE` puts them into the environment.
fn env_file_write(file: &Path, made: &Credentials, more: &str) -> Result<(), Failure> {
    let text = format!(
        "BERTH_CLIENT_ID={}\nBERTH_CLIENT_SECRET={}\n{more}",
        made.id, made.secret
    );
    // A new file beside it: one that is there could be open to others, or half written by a crash.
    let partial = file.with_extension("partial");
    let failed = |cause: std::io::Error| format!("{}: {cause}", file.display());
    let _ = std::fs::remove_file(&partial);
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&partial)
        .and_then(|mut opened| {
            opened
                .write_all(text.as_bytes())
                .and_then(|()| opened.sync_all())
        })
        .and_then(|()| std::fs::rename(&partial, file))
        .map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn credentials_read_back_and_only_their_owner_can() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("client.env");
        std::fs::write(&file, "old").unwrap();
        let made = Credentials {
            id: "cli_1".to_owned(),
            secret: "bs_=x".to_owned(),
        };
        env_file_write(&file, &made, "X=1\n").unwrap();
        let read = env_file_read(&file).unwrap();
        assert_eq!((read.id, read.secret), (made.id, made.secret));
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            env_file_read(&folder.path().join("none"))
                .err()
                .unwrap()
                .exit,
            Exit::Unreachable
        );
    }
}
