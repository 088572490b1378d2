//! `berth demo`: a storefront. It speaks the public API alone, as any shop would: signs an operator
//! up, orders an application, follows the order live, fetches the hand-over, and tries what it got.

mod catalogue;
mod matrix;
mod order;
mod previous;
mod progress;
mod table;
mod web;

use std::sync::Arc;

use berth_model::{Ids, SystemClock};

use crate::{
    cli,
    client::{ApiClient, follow},
    failure::{Exit, Failure},
    output,
};

use order::{Order, Outcome};
use progress::{Printer, Progress, seconds};

pub(crate) async fn run(arguments: cli::Demo) -> Result<(), Failure> {
    let client = ApiClient::new(&arguments.access)?;
    let ids = Ids::new(Arc::new(SystemClock));
    let choice =
        catalogue::choose(&client, &arguments.application, arguments.plan.as_deref()).await?;
    let order = order(&client, &ids, &choice, &arguments).await?;
    let mut printer = Printer::new();
    let last = follow(&client, &order.operation_id, |event| printer.show(event)).await?;
    let outcome = order::outcome(&client, &order).await?;
    if last.kind != "SUCCEEDED" {
        return Err(Failure::new(
            Exit::Operation,
            outcome.failure(&last.message),
        ));
    }
    let mut rows = rows(&order, &choice, &outcome, &printer.into_progress());
    rows.push(if arguments.skip_application {
        (
            "application",
            "not tried, as was asked for (BERTH_SKIP_APPLICATION)".to_owned(),
        )
    } else {
        application_try(&client, &ids, &choice, &order, &outcome).await?
    });
    output::line("");
    output::text(table::table(&rows));
    Ok(())
}

/// A new order, or with `--resume` the last one.
async fn order(
    client: &ApiClient,
    ids: &Ids,
    choice: &catalogue::Choice,
    arguments: &cli::Demo,
) -> Result<Order, Failure> {
    if arguments.resume
        && let Some(order) = previous::find(client, &choice.slug).await?
    {
        output::line(format!(
            "{} was ordered before, as {} for {}. This is how:",
            choice.application, order.domain_name, order.tenant
        ));
        return Ok(order);
    }
    let order = order::place(client, ids, choice, arguments.domain_name.clone()).await?;
    output::line(format!(
        "Ordered {} {} as {} for {} (plan {}).",
        choice.application, choice.version, order.domain_name, order.tenant, choice.plan
    ));
    Ok(order)
}

/// Does with the application what it is for. A row for the table.
async fn application_try(
    client: &ApiClient,
    ids: &Ids,
    choice: &catalogue::Choice,
    order: &Order,
    outcome: &Outcome,
) -> Result<(&'static str, String), Failure> {
    let address = outcome.address.as_deref().ok_or_else(|| {
        Failure::new(
            Exit::Application,
            "the deployment runs, but has no IPv4 address to try it at",
        )
    })?;
    let target = web::Target::new(address, choice.http_port, &order.domain_name)?;
    target.answers(&choice.probe_path).await?;
    if choice.slug == "matrix" {
        let handover = order::handover(client, ids, order).await?;
        let room = matrix::try_out(&target, &handover, &order.domain_name, ids).await?;
        return Ok(("matrix room", room));
    }
    Ok(("answer", web::try_out(&target, "/").await?))
}

fn rows(
    order: &Order,
    choice: &catalogue::Choice,
    outcome: &Outcome,
    progress: &Progress,
) -> Vec<(&'static str, String)> {
    let steps = progress
        .done
        .iter()
        .map(|step| format!("{:<10} {:>9}", step.name, seconds(step.millis)));
    let steps: Vec<String> = steps
        .chain([format!("{:<10} {:>9}", "all", seconds(progress.millis()))])
        .collect();
    vec![
        ("tenant", format!("{} ({})", order.tenant, order.tenant_id)),
        (
            "deployment",
            format!(
                "{} {} ({})",
                order.domain_name, outcome.state, order.deployment_id
            ),
        ),
        ("machines", outcome.machines()),
        ("address", outcome.addresses.join("\n")),
        ("plan", choice.plan_text.clone()),
        ("steps", steps.join("\n")),
    ]
}
