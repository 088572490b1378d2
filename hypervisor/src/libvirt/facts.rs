//! What a machine and its guests are.

use berth_model::Result as BerthResult;
use uuid::Uuid;
use virt::{
    connect::Connect,
    domain::{Domain, DomainShutoffReason, DomainState, DomainStateReason},
    enumutil::Enum,
    error::ErrorNumber,
};

use super::error::{Failure, is};
use crate::{
    GuestFacts, GuestPower, MachineFacts,
    xml::{self, Capabilities, DomainFacts},
};

pub(super) fn machine(connect: &Connect) -> Result<MachineFacts, Failure> {
    let node = connect.node_info()?;
    let capabilities: Capabilities = xml::read(&connect.capabilities()?)?;
    // As libvirt counts: 9.0.0 is 9_000_000.
    let version = connect.lib_version()?;
    Ok(MachineFacts {
        host_uuid: capabilities.host.uuid,
        hostname: connect.hostname()?,
        memory_bytes: node.memory * 1024,
        cpus: node.cpus,
        version: format!(
            "{}.{}.{}",
            version / 1_000_000,
            version / 1_000 % 1_000,
            version % 1_000
        ),
    })
}

pub(super) fn guest_list(connect: &Connect) -> Result<Vec<GuestFacts>, Failure> {
    let mut list = Vec::new();
    for domain in connect.list_all_domains(0)? {
        match guest(&domain) {
            Ok(facts) => list.push(facts),
            // Removed since the list was made.
            Err(failure) if failure.is(ErrorNumber::NoDomain) => {}
            Err(failure) => return Err(failure),
        }
    }
    list.sort_by_key(|guest| guest.id);
    Ok(list)
}

pub(super) fn guest_get(connect: &Connect, id: Uuid) -> Result<Option<GuestFacts>, Failure> {
    let Some(domain) = lookup(connect, id)? else {
        return Ok(None);
    };
    match guest(&domain) {
        Err(failure) if failure.is(ErrorNumber::NoDomain) => Ok(None),
        facts => facts.map(Some),
    }
}

/// libvirt's handle of a guest.
pub(super) fn lookup(connect: &Connect, id: Uuid) -> Result<Option<Domain>, Failure> {
    match connect.lookup_domain_by_uuid(id) {
        Ok(domain) => Ok(Some(domain)),
        Err(error) if is(&error, ErrorNumber::NoDomain) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A guest's definition: as it runs, if it runs.
pub(super) fn definition(domain: &Domain) -> Result<DomainFacts, Failure> {
    let parsed: BerthResult<DomainFacts> = xml::read(&domain.xml_desc(0)?);
    Ok(parsed?)
}

fn guest(domain: &Domain) -> Result<GuestFacts, Failure> {
    let power = power(domain)?;
    Ok(definition(domain)?.facts(power))
}

fn power(domain: &Domain) -> Result<GuestPower, Failure> {
    let (state, reason) = domain.state()?;
    let state = match state {
        Enum::Known(state) => state,
        // virt 0.5.0 hides an error of `virDomainGetState` as the state -1; `virDomainGetInfo`
        // tells.
        Enum::Unknown(_) => domain.info()?.state.unwrap_or(DomainState::NoState),
    };
    let crashed = DomainStateReason::Shutoff(Enum::Known(DomainShutoffReason::Crashed));
    Ok(match state {
        DomainState::Crashed => GuestPower::Crashed,
        DomainState::Shutoff if reason == Enum::Known(crashed) => GuestPower::Crashed,
        DomainState::Shutoff => GuestPower::Off,
        _ => GuestPower::On,
    })
}
