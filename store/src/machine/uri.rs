//! What a machine's URI may be. A worker gives it to libvirt, and parts of it to ssh, so it holds
//! only what is known to do no more than connect.

use std::net::Ipv6Addr;

use berth_model::{Error, Result};

use crate::check;

/// What can be given; the whole of a refusal's help.
const FORMS: &str = "Give qemu+ssh://USER@HOST/system, qemu+tls://HOST/system, \
    qemu+tcp://HOST/system, qemu:///system or qemu+unix:///system for a worker's own machine, or \
    sim:NAME.";

/// A parameter that a URI may carry, of those that <https://libvirt.org/uri.html> knows. Others run
/// a program of the worker's (`command`, `netcat`, `proxy`), open what it likes (`socket`), or trust
/// a stranger (`no_verify`, `no_sanity`).
struct Parameter {
    scheme: &'static str,
    name: &'static str,
    good: fn(&str) -> bool,
}

const PARAMETERS: [Parameter; 3] = [
    Parameter {
        scheme: "qemu+ssh",
        name: "keyfile",
        good: is_path,
    },
    Parameter {
        scheme: "qemu+ssh",
        name: "no_tty",
        good: |value| value == "1",
    },
    Parameter {
        scheme: "qemu+tls",
        name: "pkipath",
        good: is_path,
    },
];

/// The URI is one of [`FORMS`]. What was given isn't repeated: it can hold a password.
pub(super) fn uri_check(uri: &str) -> Result<()> {
    check::text("uri", uri, 500)?;
    if let Some(name) = uri.strip_prefix("sim:") {
        return simulated_check(name);
    }
    let Some((scheme, rest)) = uri.split_once("://") else {
        return wrong(FORMS);
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return wrong("A URI must not carry a password. Use a key or a certificate.");
    }
    let local = match scheme {
        "qemu" | "qemu+unix" => true,
        "qemu+ssh" | "qemu+tls" | "qemu+tcp" => false,
        _ => return wrong(FORMS),
    };
    if path != "system" || local != authority.is_empty() {
        return wrong(FORMS);
    }
    let named = user.is_none_or(is_word) && is_host_and_port(host);
    if !local && !named {
        return wrong(
            "Give the host by its name or address, with a port if need be, and the user by a name, \
             without escapes: qemu+ssh://berth@m1.example.org:22/system.",
        );
    }
    query.map_or(Ok(()), |query| parameters_check(scheme, query))
}

fn simulated_check(name: &str) -> Result<()> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(good) {
        return Ok(());
    }
    wrong("Give sim: and a name of 1 to 63 of a-z, 0-9 and hyphen, such as sim:m1.")
}

fn parameters_check(scheme: &str, query: &str) -> Result<()> {
    let good = query.split('&').all(|pair| {
        pair.split_once('=').is_some_and(|(name, value)| {
            (PARAMETERS.iter())
                .any(|known| known.scheme == scheme && known.name == name && (known.good)(value))
        })
    });
    if good {
        return Ok(());
    }
    wrong(
        "Of libvirt's parameters only these can be given: keyfile=/PATH and no_tty=1 with \
         qemu+ssh, pkipath=/PATH with qemu+tls. A path is made of letters, digits and /._-.",
    )
}

fn wrong(message: &'static str) -> Result<()> {
    Err(Error::invalid("uri", message))
}

/// An absolute path without anything that libvirt, ssh or a shell would read as more than that.
fn is_path(value: &str) -> bool {
    value.starts_with('/') && value.bytes().all(|byte| byte == b'/' || is_plain(byte))
}

/// Neither a user nor a host begins with a hyphen: ssh would take it for an option.
fn is_word(text: &str) -> bool {
    text.bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_')
        && text.bytes().all(is_plain)
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn is_host_and_port(text: &str) -> bool {
    let (is_host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        (address.parse::<Ipv6Addr>().is_ok(), port)
    } else {
        let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        (is_word(host), port)
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    is_host && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests {
    use super::uri_check;

    fn refusal(uri: &str) -> String {
        let error = uri_check(uri).expect_err(uri);
        assert_eq!(error.field(), Some("uri"), "{uri}");
        error.message().to_owned()
    }

    #[test]
    fn what_berth_can_use_is_accepted() {
        for uri in [
            "sim:m1",
            "qemu:///system",
            "qemu+unix:///system",
            "qemu+ssh://m1/system",
            "qemu+ssh://root@m1/system",
            "qemu+ssh://berth@m1.example.net:2222/system?keyfile=/etc/berth/ssh&no_tty=1",
            "qemu+tls://m1.example.net/system?pkipath=/etc/berth/pki",
            "qemu+tcp://10.177.16.11/system",
            "qemu+tcp://[fd00::1]:16509/system",
        ] {
            assert!(uri_check(uri).is_ok(), "{uri}");
        }
    }

    #[test]
    fn another_scheme_is_told_what_works() {
        for uri in [
            "m1",
            ":x",
            "qemu:",
            "test:///default",
            "xen+ssh://m1/system",
            "qemu+ext://m1/system",
            "qemu+libssh://m1/system",
            "remote://m1/system",
            "QEMU+ssh://m1/system",
            "http://m1/system",
            "qemu://m1/system",
            "qemu+unix://m1/system",
            "qemu+ssh:///system",
            "qemu+ssh://m1",
            "qemu+ssh://m1/",
            "qemu:///session",
            "qemu:///embed?root=/tmp/x",
            "qemu+ssh://m1/system/../x",
            "qemu+ssh://m1/system#x",
        ] {
            let message = refusal(uri);
            for form in ["qemu+ssh://", "qemu+tls://", "qemu+tcp://", "sim:NAME"] {
                assert!(message.contains(form), "{uri}: {message}");
            }
        }
    }

    #[test]
    fn a_parameter_that_runs_or_opens_something_is_refused() {
        for parameters in [
            "command=/bin/sh",
            "Command=/bin/sh",
            "%63ommand=/bin/sh",
            "netcat=/bin/sh",
            "proxy=netcat",
            "socket=/run/other",
            "no_verify=1",
            "no_sanity=1",
            "name=test:///default",
            "auth=libssh.password",
            "keyfile=/etc/berth/ssh&command=/bin/sh",
            // libvirt splits at a semicolon too.
            "keyfile=/etc/berth/ssh;command=/bin/sh",
            "keyfile=/etc/berth/ssh%26command=/bin/sh",
            "keyfile=-oProxyCommand=/bin/sh",
            "keyfile=ssh",
            "keyfile=/etc/$(id)",
            "pkipath=/etc/berth/pki",
            "no_tty",
            "",
        ] {
            let message = refusal(&format!("qemu+ssh://root@m1/system?{parameters}"));
            assert!(message.contains("keyfile=/PATH"), "{parameters}: {message}");
        }
        refusal("qemu:///system?socket=/run/other");
        refusal("qemu+tcp://m1/system?keyfile=/etc/berth/ssh");
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for uri in [
            "qemu+ssh://root:secret@m1/system",
            "qemu+ssh://root:secret@x@m1/system",
            "http://root:secret@m1/",
        ] {
            let message = refusal(uri);
            assert!(message.contains("password"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
        for uri in [
            "qemu+ssh://root@m1/system?password=secret",
            "qemu+ssh://root%3Asecret@m1/system",
        ] {
            assert!(!refusal(uri).contains("secret"), "{uri}");
        }
    }

    #[test]
    fn hosts_users_and_names_are_plain() {
        for uri in [
            "",
            "sim:",
            "sim:../x",
            "sim:M1",
            "qemu+ssh://-oProxyCommand=id/system",
            "qemu+ssh://-l@m1/system",
            "qemu+ssh://root@/system",
            "qemu+ssh://@m1/system",
            "qemu+ssh://m1;id/system",
            "qemu+ssh://m%31/system",
            "qemu+ssh://m1:0/system",
            "qemu+ssh://m1:+22/system",
            "qemu+ssh://m1:65536/system",
            "qemu+ssh://m1:/system",
            "qemu+tcp://[fd00::1/system",
            "qemu+tcp://[m1]/system",
            "qemu+tcp://[fd00::1]x/system",
            "qemu+tcp://fd00::1/system",
            "qemu:///sys tem",
            "qemu+ssh://m1/system\n",
        ] {
            refusal(uri);
        }
        refusal(&format!("sim:{}", "m".repeat(64)));
    }
}
