//! `applicationPublish`: an application and a new version of it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{Locale, message};

use super::{
    application::Application,
    application_version::{ApplicationVersion, OptionKind, OptionValueInput},
    input::{bytes, id, number},
    payload::{UserError, settle},
    scalars::{BigInt, Bytes},
    states::State,
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
    /// For people: what it is called, 1 to 100 characters.
    title: String,
    /// For people: what it is for, 1 to 500 characters.
    description: Option<String>,
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
    /// For people: what the choices are called, in their order; left out: as they are.
    #[graphql(default)]
    choice_titles: Vec<String>,
    /// What people read of it in other languages.
    #[graphql(default)]
    translations: Vec<OptionTextsInput>,
}

/// What people read of an option in another language. What is left out is told as it is.
#[derive(InputObject)]
pub(crate) struct OptionTextsInput {
    /// The language, each once.
    locale: State<Locale>,
    /// What it is called, 1 to 100 characters.
    title: String,
    /// What it is for, 1 to 500 characters.
    description: Option<String>,
    /// What the choices are called, in their order.
    #[graphql(default)]
    choice_titles: Vec<String>,
}

/// What people read of an application in another language.
#[derive(InputObject)]
pub(crate) struct ApplicationTextsInput {
    /// The language, each once.
    locale: State<Locale>,
    /// 1 to 100 characters.
    name: String,
    /// One sentence for the shop, 1 to 500 characters.
    summary: String,
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
    /// Both in other languages; they replace the earlier ones.
    #[graphql(default)]
    translations: Vec<ApplicationTextsInput>,
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
        translations: by_locale("translations", input.translations, |texts| {
            let (name, summary) = (texts.name, texts.summary);
            (texts.locale, model::ApplicationTexts { name, summary })
        })?,
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
    let translations = by_locale("options", spec.translations, |texts| {
        let translated = model::OptionTexts {
            title: texts.title,
            description: texts.description,
            choice_titles: texts.choice_titles,
        };
        (texts.locale, translated)
    });
    Ok(model::OptionSpec {
        name: spec.name,
        kind,
        default: spec.default.map(Into::into),
        texts: model::OptionTexts {
            title: spec.title,
            description: spec.description,
            choice_titles: spec.choice_titles,
        },
        translations: translations?,
    })
}

/// Texts by their language, of which each may come once.
fn by_locale<I, T>(
    field: &str,
    given: Vec<I>,
    read: impl Fn(I) -> (State<Locale>, T),
) -> model::Result<model::Translations<T>> {
    let mut translations = model::Translations::new();
    for (State(locale), texts) in given.into_iter().map(read) {
        if translations.insert(locale, texts).is_some() {
            let text = message!("There are two translations to {locale}. Give one.", locale);
            return Err(model::Error::invalid(field, text));
        }
    }
    Ok(translations)
}
