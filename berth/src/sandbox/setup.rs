//! The sandbox's own configuration and images.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc, time::Duration};

use berth_domains_mail::TransportConfig;
use berth_federation::FederationConfig;
use berth_model::{EmailAddress, Ids, Reach, Sha256, SystemClock, TrustedProxies};
use berth_webhooks::CourierConfig;

use super::Files;
use crate::{
    cli,
    command::generate,
    config::{Api, Config, Database, Fleet, Log, Mail, Worker},
    failure::Failure,
    image,
    provision::ImageFile,
};

/// Images that the catalogue names. Simulated machines look at names and sizes alone.
const IMAGES: [&str; 2] = ["matrix", "tiny"];
/// Of an image's disk, in bytes.
const VIRTUAL_BYTES: u64 = 2 << 30;
/// Of an image's file, in bytes: enough for an upload that can be seen.
const FILE_BYTES: usize = 1 << 20;

/// Makes the folders, the key and the password that aren't there yet.
pub(super) fn config(
    arguments: &cli::Sandbox,
    files: &Files,
    owner_url: String,
) -> Result<Config, Failure> {
    for folder in [&files.machines, &files.images, &files.mail] {
        fs::create_dir_all(folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    }
    generate(&files.keyring, true)?;
    let password = password(&files.password)?;
    let from: EmailAddress = "berth@sandbox.example".parse()?;
    Ok(Config {
        database: Database {
            url: app_url(&owner_url, &password)?,
            owner_url: Some(owner_url),
            max_connections: 24,
            wait: Duration::from_secs(5),
        },
        keyring_file: files.keyring.clone(),
        api: Api {
            listen: arguments.listen,
            public_url: None,
            trusted_proxies: TrustedProxies::default(),
        },
        limits: berth_api::Limits::default(),
        internal_listen: arguments.internal_listen,
        worker: Worker {
            name: None,
            concurrency: 8,
            per_tenant_limit: 4,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            max_attempts: 10,
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        },
        fleet: Fleet {
            reconcile: Duration::from_secs(10),
            quarantine: Duration::from_secs(60),
            moves_at_once: 4,
            move_bandwidth_mib: None,
            simulator_directory: Some(files.machines.clone()),
        },
        provider_name: "Berth".to_owned(),
        image_directory: files.images.clone(),
        mail: Some(Mail {
            from,
            from_name: "Berth sandbox".to_owned(),
            transport: TransportConfig::File(files.mail.clone()),
        }),
        // Storefronts are built on the same machine.
        webhooks: CourierConfig {
            bounds: Reach::Development.into(),
            ..CourierConfig::default()
        },
        // So are identity providers.
        federation: FederationConfig {
            bounds: Reach::Development.into(),
            ..FederationConfig::default()
        },
        log: Log {
            json: false,
            filter: "warn".to_owned(),
        },
    })
}

/// The password of the login role, made once.
fn password(file: &Path) -> Result<String, Failure> {
    let failed = |cause: std::io::Error| format!("{}: {cause}", file.display());
    match fs::read_to_string(file) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
        Err(cause) => return Err(failed(cause).into()),
    }
    let made = Sha256(Ids::new(Arc::new(SystemClock)).bytes()).to_string();
    fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut opened| opened.write_all(made.as_bytes()))
        .map_err(failed)?;
    Ok(made)
}

/// The same database as `berth_app`.
fn app_url(owner_url: &str, password: &str) -> Result<String, Failure> {
    let wrong = || "the database's address must be postgres://user:password@host:port/database";
    let mut url = reqwest::Url::parse(owner_url).map_err(|_| wrong().to_owned())?;
    url.set_username("berth_app")
        .map_err(|()| wrong().to_owned())?;
    url.set_password(Some(password))
        .map_err(|()| wrong().to_owned())?;
    Ok(url.into())
}

/// Puts images into the image store that are nothing but a header and zeros.
pub(super) fn images(files: &Files) -> Result<Vec<ImageFile>, Failure> {
    let mut images = Vec::new();
    for name in IMAGES {
        let file = files.images.join(format!("{name}.qcow2"));
        fs::write(&file, image_bytes(name))
            .map_err(|cause| format!("{}: {cause}", file.display()))?;
        let imported = image::import(&files.images, &file)?;
        images.push(ImageFile {
            name: name.to_owned(),
            imported,
        });
    }
    Ok(images)
}

/// A qcow2 header (version 2) and the image's name at the end, so that no two are the same.
fn image_bytes(name: &str) -> Vec<u8> {
    let mut bytes = vec![0; FILE_BYTES];
    bytes[..4].copy_from_slice(b"QFI\xfb");
    bytes[4..8].copy_from_slice(&2u32.to_be_bytes());
    bytes[24..32].copy_from_slice(&VIRTUAL_BYTES.to_be_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_url_is_the_owners_with_another_user() {
        let url = app_url(
            "postgres://berth_owner:a%40b@127.0.0.1:54330/berth",
            "secret",
        )
        .unwrap();
        assert_eq!(url, "postgres://berth_app:secret@127.0.0.1:54330/berth");
        assert!(app_url("nonsense", "x").is_err());
    }

    #[test]
    fn images_are_told_apart_and_stay_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        fs::create_dir_all(&files.images).unwrap();
        let first = images(&files).unwrap();
        let again = images(&files).unwrap();
        assert_ne!(first[0].imported.sha256, first[1].imported.sha256);
        assert_eq!(first[0].imported, again[0].imported);
    }

    #[test]
    fn the_password_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        assert_eq!(password(&file).unwrap(), password(&file).unwrap());
        assert_eq!(password(&file).unwrap().len(), 64);
    }
}
