//! The other machine of a move.

use berth_model::Result as BerthResult;
use virt::connect::Connect;

use super::{calls::Calls, error::Failure};
use crate::{
    MoveTarget,
    xml::{self, Capabilities},
};

/// Connects to the other machine, which must not be this one in disguise.
pub(super) fn open(calls: &Calls, here: &Connect, to: &MoveTarget) -> Result<Connect, Failure> {
    if to.uri.starts_with("sim:") {
        return Err(Failure::refused(
            "A real machine's guest moves only to a real machine.",
        ));
    }
    let there = calls.open_other(&to.uri)?;
    if host_uuid(here)? == host_uuid(&there)? {
        return Err(Failure::refused("A move has to be to another machine."));
    }
    Ok(there)
}

fn host_uuid(connect: &Connect) -> Result<uuid::Uuid, Failure> {
    let capabilities: BerthResult<Capabilities> = xml::read(&connect.capabilities()?);
    Ok(capabilities?.host.uuid)
}

/// The failure of a call to both machines. One that the other machine's silence made says so: the
/// connection to this one is well, and would let it pass for a refusal.
pub(super) fn failure(there: &Connect, failure: Failure) -> Failure {
    match failure {
        Failure::Libvirt(error) if !there.is_alive().unwrap_or(false) => {
            Failure::Berth(super::error::unavailable(error))
        }
        failure => failure,
    }
}

/// What a connection URI says of its transport: the host, if it names one, and whether it is
/// encrypted by TLS.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Transport<'a> {
    pub(super) host: Option<&'a str>,
    pub(super) is_tls: bool,
}

/// Reads a connection URI: `driver[+transport]://[user@][host][:port]/…`. Without a transport, one
/// with a host goes by TLS (<https://libvirt.org/uri.html>).
pub(super) fn transport(uri: &str) -> Transport<'_> {
    let (scheme, rest) = uri.split_once("://").unwrap_or((uri, ""));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.split_once(']') {
        // An IPv6 address, with its brackets: that is how it is written in the next URI.
        Some((address, _)) => &host[..=address.len()],
        None => host.split(':').next().unwrap_or_default(),
    };
    let host = Some(host).filter(|host| !host.is_empty());
    let transport = scheme.split_once('+').map(|(_, transport)| transport);
    Transport {
        host,
        is_tls: transport.map_or(host.is_some(), |transport| transport == "tls"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read() {
        let read = |uri| {
            let Transport { host, is_tls } = transport(uri);
            (host, is_tls)
        };
        let tcp = "qemu+tcp://10.0.0.11/system";
        assert_eq!(read(tcp), (Some("10.0.0.11"), false));
        let tls = "qemu+tls://m1.example.net:16514/system?no_verify=0";
        assert_eq!(read(tls), (Some("m1.example.net"), true));
        assert_eq!(read("qemu://m1/system"), (Some("m1"), true));
        let ssh = "qemu+ssh://root@m1:22/system?keyfile=/a@b";
        assert_eq!(read(ssh), (Some("m1"), false));
        assert_eq!(
            read("qemu+tcp://[fd00::11]:1/system"),
            (Some("[fd00::11]"), false)
        );
        assert_eq!(read("qemu:///system"), (None, false));
        assert_eq!(read("qemu+unix:///system?socket=/run/x"), (None, false));
        assert_eq!(read("test:///default"), (None, false));
    }
}
