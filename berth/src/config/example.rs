//! The example file: every key with its meaning, limits and default, made from the table.

use std::fmt::Write;

use super::{
    key::{Default, Key, Kind},
    table::{KEYS, SECTIONS},
};

const HEAD: &str = "\
# Berth's configuration: every key, its meaning and its default. Made by `berth config example`.
#
# Each key can be set, and overridden, by a variable: database.url is BERTH_DATABASE_URL.
# Paths are relative to the folder that Berth is started in.
# `berth config check` explains every mistake with its line.
";

/// The text of `berth.example.toml`.
#[must_use]
pub fn example() -> String {
    let mut text = HEAD.to_owned();
    for (section, doc) in SECTIONS {
        let _ = write!(text, "\n# {doc}\n[{section}]\n");
        let prefix = format!("{section}.");
        for key in KEYS.iter().filter(|key| key.name.starts_with(&prefix)) {
            key_write(&mut text, key, &key.name[prefix.len()..]);
        }
    }
    text
}

fn key_write(text: &mut String, key: &Key, name: &str) {
    let limits = match &key.kind {
        Kind::Integer { .. } | Kind::Choice(_) => format!(" Value: {}.", key.kind.expected()),
        _ => String::new(),
    };
    for line in wrap(&format!("{}{limits}", key.doc)) {
        let _ = writeln!(text, "# {line}");
    }
    let value = key.default.value().map(|value| value.toml());
    let _ = match (key.default, value) {
        (Default::Required, _) => writeln!(text, "{name} = {}", sample(key)),
        (_, Some(value)) => writeln!(text, "{name} = {value}"),
        (_, None) => writeln!(text, "# {name} = {}", sample(key)),
    };
}

/// A value for a key that has no default.
fn sample(key: &Key) -> &'static str {
    match key.name {
        "database.url" => "\"postgres://berth_app:secret@127.0.0.1:5432/berth\"",
        "database.owner_url" => "\"postgres://berth_owner:secret@127.0.0.1:5432/berth\"",
        "api.public_url" => "\"https://api.provider.example\"",
        "api.trusted_proxies" => "\"127.0.0.1/32, ::1/128\"",
        "keys.file" => "\"/etc/berth/keyring\"",
        "worker.name" => "\"worker-1\"",
        "fleet.simulator_directory" => "\"var/sandbox/machines\"",
        "mail.from" => "\"berth@provider.example\"",
        "mail.directory" => "\"var/mail\"",
        "mail.host" => "\"mail.provider.example\"",
        "webhooks.deny" => "\"198.51.100.0/24, 2001:db8::/32\"",
        "federation.deny" => "\"198.51.100.0/24, 2001:db8::/32\"",
        "federation.ca_file" => "\"/etc/berth/identity-ca.pem\"",
        "webhooks.ca_file" => "\"/etc/berth/webhooks-ca.pem\"",
        "mail.ca_file" => "\"/etc/berth/mail-ca.pem\"",
        "mail.username" => "\"berth\"",
        _ => "\"secret\"",
    }
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines
            .last_mut()
            .expect("it begins with one and never loses one");
        if !line.is_empty() && line.len() + word.len() > 96 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
