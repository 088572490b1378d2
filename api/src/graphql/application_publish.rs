//! `applicationPublish`: an application and a new version of it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::message;

use super::{
    application::Application,
    application_version::{ApplicationVersion, OptionKind, OptionValueInput},
    input::{bytes, id, number},
    payload::{UserError, settle},
    scalars::{BigInt, Bytes},
};
use crate::context::{Request, request};

/// How one sees that it is healthy.
#[derive(InputObject)]
pub(crate) struct ProbeInput {
    /// Absolute path, such as `/health`.
    path: String,
    /// A text that the body must contain.
    contains: Option<String>,
    /// How long a start may take until the deployment counts as degraded, in seconds.
    deadline_seconds: i32,
}

/// What an operator can set. `min` and `max` go with `INTEGER`, `maxLength` with `TEXT`, `choices`
/// with `CHOICE`.
#[derive(InputObject)]
pub(crate) struct OptionSpecInput {
    /// `^[a-z][a-zA-Z0-9]{0,39}$`
    name: String,
    /// For people.
    title: String,
    /// What values it takes.
    kind: OptionKind,
    /// Taken when an order doesn't give it; without it the option is required.
    default: Option<OptionValueInput>,
    /// The least, of an `INTEGER`.
    min: Option<BigInt>,
    /// The most, of an `INTEGER`.
    max: Option<BigInt>,
    /// The most characters, of a `TEXT`.
    max_length: Option<i32>,
    /// The choices, of a `CHOICE`.
    choices: Option<Vec<String>>,
}

/// An application (made, or found by its slug) and a new version of it.
#[derive(InputObject)]
pub(crate) struct ApplicationPublishInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Of the application: `^[a-z][a-z0-9-]{1,39}$`
    slug: String,
    /// Of the application, for people; replaces the earlier one.
    name: String,
    /// Of the application, one sentence for the shop; replaces the earlier one.
    summary: String,
    /// As its makers number it; new for this application.
    version: String,
    /// The base disk.
    image_id: ID,
    /// The least memory that a plan must give.
    memory_bytes: Bytes,
    /// The least virtual CPUs that a plan must give.
    vcpus: i32,
    /// The least data volume that a plan must give.
    data_bytes: Bytes,
    /// Whether several deployments of it can live in one virtual machine.
    #[graphql(default = false)]
    shareable: bool,
    /// The TCP port that it answers HTTP on.
    http_port: i32,
    /// How one sees that it is healthy.
    probe: ProbeInput,
    /// What an operator can set.
    #[graphql(default)]
    options: Vec<OptionSpecInput>,
}

/// What `applicationPublish` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct ApplicationPublishPayload {
    /// The application.
    application: Option<Application>,
    /// The new version.
    application_version: Option<ApplicationVersion>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of the catalogue.
#[derive(Default)]
pub(crate) struct ApplicationMutation;

#[Object]
impl ApplicationMutation {
    /// Publishes a version of an application. For the provider.
    async fn application_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to publish.")] input: ApplicationPublishInput,
    ) -> Result<ApplicationPublishPayload> {
        let (made, user_errors) = settle(publish(request(ctx), input).await)?;
        let (application, version) = made.unzip();
        Ok(ApplicationPublishPayload {
            application: application.map(Application),
            application_version: version.map(ApplicationVersion),
            user_errors,
        })
    }
}

async fn publish(
    request: &Request,
    input: ApplicationPublishInput,
) -> model::Result<(model::Application, model::ApplicationVersion)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let publish = model::ApplicationPublish {
        slug: input.slug,
        name: input.name,
        summary: input.summary,
        version: input.version,
        image_id: id("imageId", &input.image_id)?,
        memory_bytes: bytes("memoryBytes", input.memory_bytes)?,
        vcpus: input.vcpus,
        data_bytes: bytes("dataBytes", input.data_bytes)?,
        shareable: input.shareable,
        http_port: number("httpPort", input.http_port, "from 1 to 65535")?,
        probe: model::Probe {
            path: input.probe.path,
            contains: input.probe.contains,
            deadline_seconds: number(
                "probe.deadlineSeconds",
                input.probe.deadline_seconds,
                "of seconds, more than 0",
            )?,
        },
        options: input
            .options
            .into_iter()
            .map(option_spec)
            .collect::<model::Result<_>>()?,
    };
    request.store.application_publish(&cx, publish).await
}

fn option_spec(spec: OptionSpecInput) -> model::Result<model::OptionSpec> {
    let missing = |what: &str| {
        let name = &spec.name;
        let message = message!("The option \"{name}\" needs {what}.", name, what);
        model::Error::invalid("options", message)
    };
    let kind = match spec.kind {
        OptionKind::Boolean => model::OptionKind::Boolean,
        OptionKind::Integer => model::OptionKind::Integer {
            min: spec.min.ok_or_else(|| missing("min"))?.0,
            max: spec.max.ok_or_else(|| missing("max"))?.0,
        },
        OptionKind::Text => {
            let length = spec.max_length.ok_or_else(|| missing("maxLength"))?;
            model::OptionKind::Text {
                max_length: number("options", length, "of characters")?,
            }
        }
        OptionKind::Choice => model::OptionKind::Choice {
            choices: spec.choices.clone().ok_or_else(|| missing("choices"))?,
        },
    };
    Ok(model::OptionSpec {
        name: spec.name,
        title: spec.title,
        kind,
        default: spec.default.map(Into::into),
    })
}
