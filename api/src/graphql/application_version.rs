//! Versions of applications, and the options that an operator can set.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use berth_model as model;
use berth_model::{Locale, Timestamp};

use super::{
    application::Application,
    image::Image,
    input::int,
    noun::{find, get, global, noun},
    scalars::{BigInt, Bytes},
    states::State,
};
use crate::context::request;

noun!(ApplicationVersion, ApplicationVersionId);

/// A pinned release of an application.
#[Object]
impl ApplicationVersion {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Of which application.
    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        get(ctx, self.0.application_id).await
    }

    /// As its makers number it.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// The base disk. For the provider.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        find(ctx, self.0.image_id).await
    }

    /// The least memory that a plan must give.
    async fn memory_bytes(&self) -> Bytes {
        Bytes(self.0.memory_bytes)
    }

    /// The least virtual CPUs that a plan must give.
    async fn vcpus(&self) -> i32 {
        self.0.vcpus
    }

    /// The least data volume that a plan must give.
    async fn data_bytes(&self) -> Bytes {
        Bytes(self.0.data_bytes)
    }

    /// Whether several deployments of it can live in one virtual machine.
    async fn shareable(&self) -> bool {
        self.0.shareable
    }

    /// The TCP port that it answers HTTP on.
    async fn http_port(&self) -> i32 {
        i32::from(self.0.http_port)
    }

    /// How one sees that it is healthy.
    async fn probe(&self) -> Probe {
        Probe {
            path: self.0.probe.path.clone(),
            contains: self.0.probe.contains.clone(),
            deadline_seconds: int(self.0.probe.deadline_seconds.into()),
        }
    }

    /// What an operator can set.
    async fn options(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The language. Unless said, that of Accept-Language, or else the storefront's."
        )]
        locale: Option<State<Locale>>,
    ) -> Result<Vec<OptionSpec>> {
        let locale = request(ctx).locale_of(locale.map(|asked| asked.0)).await?;
        let options = self.0.options.iter();
        Ok(options.map(|spec| OptionSpec::of(spec, locale)).collect())
    }

    /// When it was published.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// An HTTP request whose answer tells health: status 200 and, if given, a text in the body.
#[derive(SimpleObject)]
pub(crate) struct Probe {
    /// Absolute path.
    path: String,
    /// A text that the body must contain.
    contains: Option<String>,
    /// How long a start may take until the deployment counts as degraded, in seconds.
    deadline_seconds: i32,
}

/// What values an option takes.
#[derive(Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
pub(crate) enum OptionKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number from `min` to `max`.
    Integer,
    /// A text of at most `maxLength` characters.
    Text,
    /// One of `choices`.
    Choice,
}

/// What an operator can set.
#[derive(SimpleObject)]
pub(crate) struct OptionSpec {
    /// Its name, unique in the version.
    name: String,
    /// For people: what it is called.
    title: String,
    /// For people: what it is for.
    description: Option<String>,
    /// What values it takes.
    kind: OptionKind,
    /// Whether an order must give it: there is no default.
    required: bool,
    /// Taken when an order doesn't give it.
    default: Option<OptionValue>,
    /// The least, of an `INTEGER`.
    min: Option<BigInt>,
    /// The most, of an `INTEGER`.
    max: Option<BigInt>,
    /// The most characters, of a `TEXT`.
    max_length: Option<i32>,
    /// The choices, of a `CHOICE`.
    choices: Option<Vec<String>>,
    /// For people: what the choices are called, in their order.
    choice_titles: Option<Vec<String>>,
}

impl OptionSpec {
    fn of(spec: &model::OptionSpec, locale: Locale) -> Self {
        let texts = spec.texts_in(locale);
        let mut shown = Self {
            name: spec.name.clone(),
            title: texts.title,
            description: texts.description,
            kind: OptionKind::Boolean,
            required: spec.default.is_none(),
            default: spec.default.as_ref().map(OptionValue::of),
            min: None,
            max: None,
            max_length: None,
            choices: None,
            choice_titles: None,
        };
        match &spec.kind {
            model::OptionKind::Boolean => {}
            model::OptionKind::Integer { min, max } => {
                shown.kind = OptionKind::Integer;
                shown.min = Some(BigInt(*min));
                shown.max = Some(BigInt(*max));
            }
            model::OptionKind::Text { max_length } => {
                shown.kind = OptionKind::Text;
                shown.max_length = Some(int((*max_length).into()));
            }
            model::OptionKind::Choice { choices } => {
                shown.kind = OptionKind::Choice;
                shown.choices = Some(choices.clone());
                shown.choice_titles = Some(match texts.choice_titles.is_empty() {
                    true => choices.clone(),
                    false => texts.choice_titles,
                });
            }
        }
        shown
    }
}

/// A value of an option: exactly one of the fields is there.
#[derive(SimpleObject)]
pub(crate) struct OptionValue {
    /// Of a `BOOLEAN`.
    boolean: Option<bool>,
    /// Of an `INTEGER`.
    integer: Option<BigInt>,
    /// Of a `TEXT` or a `CHOICE`.
    text: Option<String>,
}

impl OptionValue {
    /// As GraphQL shows it.
    pub fn of(value: &model::OptionValue) -> Self {
        let mut shown = Self {
            boolean: None,
            integer: None,
            text: None,
        };
        match value {
            model::OptionValue::Boolean(value) => shown.boolean = Some(*value),
            model::OptionValue::Integer(value) => shown.integer = Some(BigInt(*value)),
            model::OptionValue::Text(value) => shown.text = Some(value.clone()),
        }
        shown
    }
}

/// A value of an option: give exactly one.
#[derive(OneofObject)]
pub(crate) enum OptionValueInput {
    /// For a `BOOLEAN`.
    Boolean(bool),
    /// For an `INTEGER`.
    Integer(BigInt),
    /// For a `TEXT` or a `CHOICE`.
    Text(String),
}

impl From<OptionValueInput> for model::OptionValue {
    fn from(value: OptionValueInput) -> Self {
        match value {
            OptionValueInput::Boolean(value) => Self::Boolean(value),
            OptionValueInput::Integer(value) => Self::Integer(value.0),
            OptionValueInput::Text(value) => Self::Text(value),
        }
    }
}

/// An option of a deployment.
#[derive(SimpleObject)]
pub(crate) struct DeploymentOption {
    /// Its name, as the version declares it.
    pub name: String,
    /// Its value.
    pub value: OptionValue,
}

/// An option of an order.
#[derive(InputObject)]
pub(crate) struct OptionInput {
    /// Its name, as the version declares it.
    pub name: String,
    /// Its value.
    pub value: OptionValueInput,
}
