//! Whether a plan is enough for an application version.

use berth_model::{ApplicationVersion, Error, Hosting, Plan, Result, bytes_text, message};

/// `Ok` if it is; else an error at `planId` that names what is short.
pub(crate) fn plan_fits(plan: &Plan, version: &ApplicationVersion) -> Result<()> {
    let short = |noun: &str, has: String, needs: String| {
        Err(Error::invalid(
            "planId",
            message!(
                "The plan {plan} has {has} of {noun}, and this application needs {needs}.",
                plan = plan.slug,
                has,
                noun,
                needs
            ),
        ))
    };
    if plan.memory_bytes < version.memory_bytes {
        return short(
            "memory",
            bytes_text(plan.memory_bytes),
            bytes_text(version.memory_bytes),
        );
    }
    if plan.vcpus < version.vcpus {
        return short(
            "virtual CPUs",
            plan.vcpus.to_string(),
            version.vcpus.to_string(),
        );
    }
    if plan.data_bytes < version.data_bytes {
        return short(
            "disk",
            bytes_text(plan.data_bytes),
            bytes_text(version.data_bytes),
        );
    }
    if plan.hosting == Hosting::Shared && !version.shareable {
        return Err(Error::invalid(
            "planId",
            "This application can't share a virtual machine. Choose a plan with one of its own.",
        ));
    }
    Ok(())
}
