//! Guests: defining, powering, removing.

use uuid::Uuid;
use virt::{connect::Connect, domain::Domain, error::ErrorNumber, sys};

use super::{
    console,
    error::{Failure, is},
    facts, volumes,
};
use crate::{GuestPower, GuestSpec, xml};

pub(super) fn define(connect: &Connect, spec: &GuestSpec) -> Result<(), Failure> {
    let domain = facts::lookup(connect, spec.id)?;
    if let Some(domain) = &domain {
        still_check(domain)?;
    }
    if let Some(domain) = domain
        && domain.is_active()?
    {
        // libvirt would take it for the next start, and nobody would know.
        if facts::definition(&domain)?.is_as_asked(spec) {
            return Ok(());
        }
        return Err(Failure::refused(format!(
            "The guest {} runs; it can be changed only while it is off.",
            spec.name
        )));
    }
    let pool = volumes::pool(connect, &spec.pool)?;
    let xml = xml::domain_xml(spec, &volumes::pool_path(&pool)?)?;
    connect.define_domain_xml(&xml)?;
    Ok(())
}

pub(super) fn start(connect: &Connect, id: Uuid) -> Result<(), Failure> {
    let domain = existing(connect, id)?;
    still_check(&domain)?;
    if domain.is_active()? {
        return Ok(());
    }
    match domain.create() {
        // Someone else started it since.
        Err(error) if is(&error, ErrorNumber::OperationInvalid) && domain.is_active()? => Ok(()),
        result => Ok(result?),
    }
}

pub(super) fn shutdown(connect: &Connect, id: Uuid) -> Result<(), Failure> {
    let domain = existing(connect, id)?;
    if !domain.is_active()? {
        return Ok(());
    }
    match domain.shutdown_flags(sys::VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) {
        Err(error) if is(&error, ErrorNumber::OperationInvalid) && !domain.is_active()? => Ok(()),
        result => Ok(result?),
    }
}

pub(super) fn power_off(connect: &Connect, id: Uuid) -> Result<(), Failure> {
    match facts::lookup(connect, id)? {
        Some(domain) => destroy(&domain),
        None => Ok(()),
    }
}

pub(super) fn undefine(connect: &Connect, id: Uuid) -> Result<(), Failure> {
    let Some(domain) = facts::lookup(connect, id)? else {
        return Ok(());
    };
    destroy(&domain)?;
    // Before the definition: a call that is cut off in between finds the guest again.
    console::remove(connect, &domain)?;
    forget(&domain)
}

/// Removes a definition.
pub(super) fn forget(domain: &Domain) -> Result<(), Failure> {
    let flags = sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
        | sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
        | sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
        | sys::VIR_DOMAIN_UNDEFINE_NVRAM;
    match domain.undefine_flags(flags) {
        Err(error) if !is(&error, ErrorNumber::NoDomain) => Err(error.into()),
        _ => Ok(()),
    }
}

pub(super) fn seed_eject(connect: &Connect, id: Uuid) -> Result<(), Failure> {
    let domain = existing(connect, id)?;
    let empty = xml::cdrom_empty_xml()?;
    let mut flags = sys::VIR_DOMAIN_DEVICE_MODIFY_CONFIG;
    if domain.is_active()? {
        // By force: a guest that still has it mounted must not keep it.
        flags |= sys::VIR_DOMAIN_DEVICE_MODIFY_LIVE | sys::VIR_DOMAIN_DEVICE_MODIFY_FORCE;
    }
    domain.update_device_flags(&empty, flags)?;
    Ok(())
}

/// Keeps a guest that is on its way from being touched: its disks are another machine's, or will
/// be.
fn still_check(domain: &Domain) -> Result<(), Failure> {
    match facts::power(domain)? {
        GuestPower::Arriving | GuestPower::Leaving => Err(Failure::refused(format!(
            "The guest {} is being moved.",
            domain.name()?
        ))),
        _ => Ok(()),
    }
}

pub(super) fn destroy(domain: &Domain) -> Result<(), Failure> {
    match domain.destroy() {
        Ok(()) => Ok(()),
        Err(error) if is(&error, ErrorNumber::NoDomain) => Ok(()),
        // It is off, or went off by itself.
        Err(error) if is(&error, ErrorNumber::OperationInvalid) && !domain.is_active()? => Ok(()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn existing(connect: &Connect, id: Uuid) -> Result<Domain, Failure> {
    facts::lookup(connect, id)?
        .ok_or_else(|| Failure::refused(format!("A machine has no guest {id}.")))
}
