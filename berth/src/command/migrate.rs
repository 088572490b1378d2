//! `berth migrate`

use berth_store::migrate;

use crate::{
    config::{Config, Database},
    failure::Failure,
    output,
};

pub(super) async fn run(config: &Config) -> Result<(), Failure> {
    let applied = apply(&config.database).await?;
    if applied.is_empty() {
        output::line("The schema is current.");
    }
    for version in applied {
        output::line(format!("applied {version}"));
    }
    Ok(())
}

/// Versions that were applied now.
pub(crate) async fn apply(database: &Database) -> Result<Vec<String>, Failure> {
    let owner = database.owner_url.as_deref().ok_or_else(|| {
        "database.owner_url is missing; set it, or BERTH_DATABASE_OWNER_URL".to_owned()
    })?;
    let password = password_of(&database.url).ok_or_else(|| {
        "database.url has no password; berth_app gets the one that is written there".to_owned()
    })?;
    Ok(migrate(owner, &password).await?.applied)
}

/// The password of a URL, percent-decoded.
fn password_of(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let raw = url.password()?.as_bytes();
    let mut bytes = Vec::with_capacity(raw.len());
    let mut index = 0;
    while index < raw.len() {
        let hex = raw
            .get(index + 1..index + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        let decoded = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match decoded.filter(|_| raw[index] == b'%') {
            Some(byte) => {
                bytes.push(byte);
                index += 3;
            }
            None => {
                bytes.push(raw[index]);
                index += 1;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::password_of;

    #[test]
    fn passwords_are_decoded() {
        let of = |userinfo: &str| password_of(&format!("postgres://{userinfo}@h/d"));
        assert_eq!(of("u:a%40b%2Fc%").as_deref(), Some("a@b/c%"));
        assert_eq!(of("u:plain").as_deref(), Some("plain"));
        assert_eq!(of("u"), None);
    }
}
