//! Live moves: libvirt's "direct migration", driven by this process with a connection to each
//! machine, so that a process that dies ends the move with its connections.
//!
//! libvirt asks the other machine to let the guest go on, and if that answer is lost it lets the
//! guest go on here: it may then run on both ("the lock manager plugins should take care of
//! safety", says its source), and with disks on both, one of the two is lost. So the guest arrives
//! there paused, and marked (`VIR_MIGRATE_PAUSED`). It goes on only when it is known to be gone
//! from here, and whoever comes later can see how far it came: `settle`.

use std::sync::Arc;

use uuid::Uuid;
use virt::{
    connect::Connect,
    domain::{Domain, MigrateParameters},
    sys,
};

use super::{
    calls::{Calls, Pulse},
    console,
    error::{Failure, unavailable},
    facts, guests, peer, volumes,
    watch::{self, Attendant},
};
use crate::{
    GuestFacts, GuestPower, MoveTarget,
    xml::{self, DomainFacts, Place},
};

/// A definition as another machine understands it, with all of it.
const XML_FLAGS: u32 = sys::VIR_DOMAIN_XML_MIGRATABLE | sys::VIR_DOMAIN_XML_SECURE;

/// Moves a guest, or ends a move that was cut off.
pub(super) fn run(
    calls: &Calls,
    here: &Connect,
    pulse: &Arc<Pulse>,
    id: Uuid,
    to: &MoveTarget,
) -> Result<(), Failure> {
    let there = peer::open(calls, here, to)?;
    let moved = || {
        let Some(domain) = settle(here, &there, id)? else {
            return Ok(());
        };
        let (pool, parameters) = parameters(&domain, here, &there, to)?;
        let attendant = Attendant::begin(calls, pulse, id)?;
        pulse.check()?;
        let moved = domain.migrate3(&there, parameters, flags(to));
        drop(attendant);
        moved?;
        if settle(here, &there, id)?.is_some() {
            return Err(unavailable("the guest has moved, and is back here").into());
        }
        // Nobody asks this machine for it any more, and nobody else knows its name.
        if let Err(failure) = console::remove_of(here, &pool, id) {
            tracing::debug!(
                ?failure,
                "the console's log of a guest that has moved stays"
            );
        }
        Ok(())
    };
    moved().map_err(|failure| peer::failure(&there, failure))
}

/// What the other machine has of a guest.
enum Other {
    Nothing,
    /// Not yet all of it; libvirt removes it if the rest doesn't come.
    Part,
    /// All of it, standing still.
    Whole(Domain),
    Runs,
    Off,
}

impl Other {
    fn word(&self) -> &'static str {
        match self {
            Self::Nothing => "not",
            Self::Part | Self::Whole(_) => "arriving",
            Self::Runs => "on",
            Self::Off => "off",
        }
    }
}

fn other(there: &Connect, id: Uuid) -> Result<Other, Failure> {
    let Some(domain) = facts::lookup(there, id)? else {
        return Ok(Other::Nothing);
    };
    Ok(match facts::power(&domain)? {
        GuestPower::Arriving if domain.is_persistent()? => Other::Whole(domain),
        GuestPower::Arriving => Other::Part,
        GuestPower::On => Other::Runs,
        GuestPower::Off | GuestPower::Crashed | GuestPower::Leaving => Other::Off,
    })
}

/// Brings a move that was cut off, wherever it was, to an end. Then there is the guest that is
/// still to be moved and runs here; or `None`: it runs there and is gone from here.
///
/// The other machine is asked first: what it has seen is then at least as old as what is seen here.
fn settle(here: &Connect, there: &Connect, id: Uuid) -> Result<Option<Domain>, Failure> {
    let other = other(there, id)?;
    let Some(domain) = facts::lookup(here, id)? else {
        return gone(id, other).map(|()| None);
    };
    if watch::progress(here, id)?.is_some() {
        let name = domain.name()?;
        return Err(Failure::refused(format!(
            "The guest {name} is being moved already."
        )));
    }
    match (facts::power(&domain)?, other) {
        (GuestPower::On, Other::Nothing) => Ok(Some(domain)),
        // libvirt did not hear that it had arrived, and let it go on here: that is the newer one.
        (GuestPower::On, Other::Whole(stale)) => {
            remove(&stale)?;
            Ok(Some(domain))
        }
        // Both stand still and are the same.
        (GuestPower::Leaving, Other::Whole(arrived)) => {
            remove(&domain)?;
            go_on(&arrived)?;
            Ok(None)
        }
        (GuestPower::Leaving, Other::Runs) => {
            remove(&domain)?;
            Ok(None)
        }
        // Asked again: what was about to arrive when this one stopped would be there by now.
        (GuestPower::Leaving, Other::Nothing)
            if domain.is_active()? && facts::lookup(there, id)?.is_none() =>
        {
            go_on(&domain)?;
            Ok(Some(domain))
        }
        (GuestPower::On | GuestPower::Leaving, Other::Part | Other::Nothing) => Err(undecided()),
        (power, other) => {
            let name = domain.name()?;
            Err(Failure::refused(format!(
                "The guest {name} is {power:?} here, and {} on the other machine.",
                other.word()
            )))
        }
    }
}

/// The guest isn't here: it has to be there.
fn gone(id: Uuid, other: Other) -> Result<(), Failure> {
    match other {
        Other::Runs => Ok(()),
        Other::Whole(arrived) => go_on(&arrived),
        Other::Part => Err(undecided()),
        Other::Nothing | Other::Off => {
            Err(Failure::refused(format!("A machine has no guest {id}.")))
        }
    }
}

fn undecided() -> Failure {
    unavailable("an earlier move of the guest isn't over").into()
}

/// Lets a guest that stands still go on, for good.
fn go_on(domain: &Domain) -> Result<(), Failure> {
    match domain.resume() {
        // Another worker was quicker.
        Err(_) if facts::power(domain)? == GuestPower::On => {}
        result => result?,
    }
    // It means nothing while the guest runs. If it stays, the next move removes it.
    if let Err(failure) = unmark(domain) {
        tracing::debug!(?failure, "the mark of an arrival stays");
    }
    Ok(())
}

fn unmark(domain: &Domain) -> Result<(), Failure> {
    if facts::is_marked(domain)? {
        facts::unmark(domain)?;
    }
    Ok(())
}

fn remove(domain: &Domain) -> Result<(), Failure> {
    guests::destroy(domain)?;
    guests::forget(domain)
}

/// What libvirt is asked for: everything of a guest that must not be lost.
fn flags(to: &MoveTarget) -> u32 {
    let tls = if peer::transport(&to.uri).is_tls {
        sys::VIR_MIGRATE_TLS
    } else {
        0
    };
    tls | sys::VIR_MIGRATE_LIVE
        | sys::VIR_MIGRATE_PERSIST_DEST
        | sys::VIR_MIGRATE_PAUSED
        | sys::VIR_MIGRATE_UNDEFINE_SOURCE
        // Only what lies above the image, which the other machine has.
        | sys::VIR_MIGRATE_NON_SHARED_INC
        // A guest that writes faster than it is copied is slowed down, or it would never arrive.
        | sys::VIR_MIGRATE_AUTO_CONVERGE
        // A disk that can't be written there must not be found out by the guest.
        | sys::VIR_MIGRATE_ABORT_ON_ERROR
}

/// The guest's pool, and how libvirt shall move it; refused if it can't be moved there.
fn parameters(
    domain: &Domain,
    here: &Connect,
    there: &Connect,
    to: &MoveTarget,
) -> Result<(String, MigrateParameters), Failure> {
    unmark(domain)?;
    let running = domain.xml_desc(XML_FLAGS)?;
    let kept = domain.xml_desc(XML_FLAGS | sys::VIR_DOMAIN_XML_INACTIVE)?;
    let (facts, pool) = leave_check(&running, &kept)?;
    let from = place(here, &pool)?;
    let target = place(there, &to.pool)?;
    for name in facts.volumes {
        twin_check((here, &from), (there, &target), &name)?;
    }
    let parameters = MigrateParameters {
        bandwidth: to.bandwidth_mib,
        // Else it would be the name that the machine gives itself, which need not resolve here.
        uri: peer::transport(&to.uri)
            .host
            .map(|host| format!("tcp://{host}")),
        dest_xml: Some(xml::domain_arriving(&running, &from, &target)?),
        persist_xml: Some(xml::domain_kept(&kept, &from, &target)?),
        ..MigrateParameters::default()
    };
    Ok((pool, parameters))
}

/// Whether a guest can leave: as it runs, and its pool, which only the definition for the next
/// start is sure to have.
fn leave_check(running: &str, kept: &str) -> Result<(GuestFacts, String), Failure> {
    let running: DomainFacts = xml::read(running)?;
    let kept: DomainFacts = xml::read(kept)?;
    let facts = running.facts(GuestPower::On);
    let name = &facts.name;
    if facts.seed_volume.is_some() {
        let text = format!("The guest {name} has its seed in its drive.");
        return Err(Failure::refused(text));
    }
    match kept.pool() {
        Some(pool) if facts.is_berths => {
            let pool = pool.to_owned();
            Ok((facts, pool))
        }
        _ => Err(Failure::refused(format!("The guest {name} isn't Berth's."))),
    }
}

fn place(connect: &Connect, pool: &str) -> Result<Place, Failure> {
    let path = volumes::pool_path(&volumes::pool(connect, pool)?)?;
    let pool = pool.to_owned();
    Ok(Place { pool, path })
}

/// Whether a volume there can take what is on the same one here. libvirt would copy onto any.
fn twin_check(
    (here, from): (&Connect, &Place),
    (there, target): (&Connect, &Place),
    name: &str,
) -> Result<(), Failure> {
    let kind = |connect: &Connect, pool: &str| -> Result<_, Failure> {
        let volume = volumes::existing(connect, pool, name)?;
        let facts = volumes::volume_facts(&volume)?;
        let xml = volumes::read(&volume)?;
        let Some(base) = xml.backing_path() else {
            return Ok((facts.format, facts.bytes, None));
        };
        let base = base.rsplit('/').next().unwrap_or_default();
        let info = volumes::existing(connect, pool, base)?.info()?;
        let base = Some((base.to_owned(), info.capacity));
        Ok((facts.format, facts.bytes, base))
    };
    let (ours, theirs) = (kind(here, &from.pool)?, kind(there, &target.pool)?);
    if ours != theirs {
        return Err(Failure::refused(format!(
            "The volume {name} is {theirs:?} on the other machine, not {ours:?}."
        )));
    }
    volumes::idle_check(there, name)
}
