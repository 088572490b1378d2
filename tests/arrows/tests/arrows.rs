//! Which room may depend on which, and which library only one room may know.
//!
//! The rooms and their arrows are those of docs/architecture.md. A new arrow is a decision: it is added
//! here and written down in docs/decisions/.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate with the crates of the workspace that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("berth-model", &[]),
    ("berth-placement", &["berth-model"]),
    ("berth-hypervisor", &["berth-model"]),
    ("berth-store", &["berth-model"]),
    ("berth-operations", &["berth-model", "berth-store"]),
    (
        "berth-api",
        &[
            "berth-model",
            "berth-store",
            "berth-placement",
            "berth-pages",
        ],
    ),
    ("berth-pages", &["berth-model", "berth-store"]),
    (
        "berth-scheduler",
        &[
            "berth-model",
            "berth-store",
            "berth-operations",
            "berth-hypervisor",
            "berth-placement",
        ],
    ),
    (
        "berth-domains-mail",
        &["berth-model", "berth-store", "berth-operations"],
    ),
    ("berth-outbound", &["berth-model"]),
    ("berth-federation", &["berth-model", "berth-outbound"]),
    (
        "berth-webhooks",
        &["berth-model", "berth-store", "berth-outbound"],
    ),
    (
        "berth",
        &[
            "berth-model",
            "berth-store",
            "berth-operations",
            "berth-hypervisor",
            "berth-api",
            "berth-scheduler",
            "berth-placement",
            "berth-domains-mail",
            "berth-webhooks",
            "berth-federation",
        ],
    ),
    ("berth-arrows", &[]),
];

/// Crates that use the others as a user would: any arrow out, none in.
const USERS: &[&str] = &["berth-tests"];

/// Libraries that only one room may know.
const KNOWN_ONLY_BY: &[(&str, &str)] = &[
    ("diesel", "berth-store"),
    ("diesel-async", "berth-store"),
    ("diesel_migrations", "berth-store"),
    ("virt", "berth-hypervisor"),
    ("virt-sys", "berth-hypervisor"),
    ("async-graphql", "berth-api"),
    ("async-graphql-axum", "berth-api"),
    ("lettre", "berth-domains-mail"),
    ("openidconnect", "berth-federation"),
];

/// Libraries with I/O, which the model and placement must not have.
const WITH_IO: &[&str] = &[
    "tokio", "axum", "diesel", "reqwest", "virt", "lettre", "tracing",
];

/// The direct dependencies of each crate: for running and building, not those of tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata answers");
    let direct = |package: &cargo_metadata::Package| {
        package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.clone())
            .collect()
    };
    metadata
        .workspace_packages()
        .iter()
        .map(|package| (package.name.to_string(), direct(package)))
        .collect()
}

#[test]
fn every_crate_is_listed() {
    let listed: BTreeSet<&str> = ARROWS
        .iter()
        .map(|(name, _)| *name)
        .chain(USERS.iter().copied())
        .collect();
    let there = dependencies();
    let there: BTreeSet<&str> = there.keys().map(String::as_str).collect();
    assert_eq!(there, listed);
}

#[test]
fn no_arrow_but_those_of_the_design() {
    let dependencies = dependencies();
    for (name, allowed) in ARROWS {
        let ours = dependencies[*name]
            .iter()
            .filter(|other| dependencies.contains_key(*other));
        for other in ours {
            assert!(
                allowed.contains(&other.as_str()),
                "{name} must not depend on {other}"
            );
        }
    }
}

#[test]
fn a_library_is_known_by_one_room() {
    for (name, used) in dependencies() {
        for (library, room) in KNOWN_ONLY_BY {
            let allowed = name == *room || USERS.contains(&name.as_str());
            assert!(
                allowed || !used.contains(*library),
                "{name} must not know {library}"
            );
        }
    }
}

#[test]
fn model_and_placement_do_no_io() {
    let dependencies = dependencies();
    for name in ["berth-model", "berth-placement"] {
        for library in WITH_IO {
            assert!(
                !dependencies[name].contains(*library),
                "{name} must not have {library}"
            );
        }
    }
}
