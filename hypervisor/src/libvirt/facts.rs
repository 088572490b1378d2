//! What a machine and its guests are.

use berth_model::Result as BerthResult;
use uuid::Uuid;
use virt::{
    connect::Connect,
    domain::{Domain, DomainPausedReason, DomainShutoffReason, DomainState, DomainStateReason},
    enumutil::Enum,
    error::ErrorNumber,
    sys,
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
        cpu_model: capabilities.host.cpu.model,
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

/// Whether a guest is on, by libvirt's state and the reason that it gives for it.
pub(super) fn power(domain: &Domain) -> Result<GuestPower, Failure> {
    match power_once(domain) {
        // It went off while it was looked at: half of what was seen is no longer true.
        Err(failure) if failure.is(ErrorNumber::OperationInvalid) => power_once(domain),
        power => power,
    }
}

fn power_once(domain: &Domain) -> Result<GuestPower, Failure> {
    let (state, reason) = domain.state()?;
    let state = match state {
        Enum::Known(state) => state,
        // virt 0.5.0 hides an error of `virDomainGetState` as the state -1; `virDomainGetInfo`
        // tells.
        Enum::Unknown(_) => domain.info()?.state.unwrap_or(DomainState::NoState),
    };
    if let Enum::Known(reason) = reason
        && let Some(power) = power_of_move(domain, state, reason)?
    {
        return Ok(power);
    }
    let crashed = DomainStateReason::Shutoff(Enum::Known(DomainShutoffReason::Crashed));
    Ok(match state {
        DomainState::Crashed => GuestPower::Crashed,
        DomainState::Shutoff if reason == Enum::Known(crashed) => GuestPower::Crashed,
        DomainState::Shutoff => GuestPower::Off,
        _ => GuestPower::On,
    })
}

/// Where a guest is in a move, if it is in one and doesn't run here.
///
/// Seen with libvirt 9 and QEMU 7.2, as state/reason:
///
/// | here | there | |
/// |---|---|---|
/// | running/booted | paused/starting up, not defined | its QEMU starts |
/// | running/booted | paused/migration, not defined | disks and memory are copied |
/// | paused/migration | paused/migration, not defined | it stands still, the rest is copied |
/// | paused/migration | paused/user, defined | all of it has arrived |
/// | gone, or off/migrated | paused/user, defined | it is no longer here |
/// | gone | running/unpaused, defined | it goes on there |
/// | running/booted | shutdown/unknown, not defined | the mover was killed |
///
/// One that stands still is on on neither side. There it has the mark of an arrival from the
/// beginning until it goes on; here it hasn't.
fn power_of_move(
    domain: &Domain,
    state: DomainState,
    reason: DomainStateReason,
) -> Result<Option<GuestPower>, Failure> {
    use DomainPausedReason::{Migration, PostCopy};
    use DomainStateReason::{Paused, Shutoff};
    Ok(match (state, reason) {
        // Also while it is ended, after a move that came to nothing.
        (DomainState::Paused | DomainState::Shutdown, _) if is_marked(domain)? => {
            Some(GuestPower::Arriving)
        }
        (DomainState::Paused, Paused(Enum::Known(Migration | PostCopy))) => {
            Some(GuestPower::Leaving)
        }
        (DomainState::Shutoff, Shutoff(Enum::Known(DomainShutoffReason::Migrated))) => {
            Some(GuestPower::Leaving)
        }
        // Only a guest that is about to come is neither defined nor on.
        (DomainState::Shutoff, _) if !domain.is_persistent()? => Some(GuestPower::Arriving),
        _ => None,
    })
}

/// Whether a guest has the mark of an arrival (`virDomainGetMetadata`).
pub(super) fn is_marked(domain: &Domain) -> Result<bool, Failure> {
    let kind = sys::VIR_DOMAIN_METADATA_ELEMENT as i32;
    match domain.metadata(kind, Some(xml::ARRIVING), sys::VIR_DOMAIN_AFFECT_LIVE) {
        Ok(_) => Ok(true),
        Err(error) if is(&error, ErrorNumber::NoDomainMetadata) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Takes the mark away (`virDomainSetMetadata`).
pub(super) fn unmark(domain: &Domain) -> Result<(), Failure> {
    let kind = sys::VIR_DOMAIN_METADATA_ELEMENT as i32;
    let live = sys::VIR_DOMAIN_AFFECT_LIVE;
    Ok(domain.set_metadata(kind, None, None, Some(xml::ARRIVING), live)?)
}
