//! Application versions: pinned releases.

use berth_model::{
    ApplicationId, ApplicationPublish, ApplicationVersion, ApplicationVersionId, Error, Message,
    OptionKind, OptionSpec, OptionTexts, Options, Page, PageRequest, Probe, Result, Timestamp,
    message, options_check, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::already_exists,
    reads::{keyset, page_of, reads, row_read},
    schema::application_versions,
    tx::Tx,
};

/// The most options of a version.
const OPTIONS_MOST: usize = 50;

#[derive(Queryable, Selectable)]
#[diesel(table_name = application_versions)]
pub(crate) struct ApplicationVersionRow {
    id: Uuid,
    application_id: Uuid,
    version: String,
    image_id: Uuid,
    memory_bytes: i64,
    vcpus: i32,
    data_bytes: i64,
    shareable: bool,
    http_port: i32,
    probe: Value,
    options: Value,
    created_at: Timestamp,
}

impl TryFrom<ApplicationVersionRow> for ApplicationVersion {
    type Error = Error;

    fn try_from(row: ApplicationVersionRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            application_id: row.application_id.into(),
            version: row.version,
            image_id: row.image_id.into(),
            memory_bytes: row.memory_bytes,
            vcpus: row.vcpus,
            data_bytes: row.data_bytes,
            shareable: row.shareable,
            http_port: u16::try_from(row.http_port).map_err(Error::internal)?,
            probe: serde_json::from_value(row.probe).map_err(Error::internal)?,
            options: serde_json::from_value(row.options).map_err(Error::internal)?,
            created_at: row.created_at,
        })
    }
}

reads!(
    "application version", CatalogueRead,
    application_versions, ApplicationVersionRow => ApplicationVersion,
    application_version_get, application_version_by_ids, ApplicationVersionId
);
row_read!(
    "application version",
    application_versions, ApplicationVersionRow => ApplicationVersion, ApplicationVersionId
);

impl Store {
    /// The versions of an application, the oldest first.
    pub async fn application_version_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        application_id: ApplicationId,
    ) -> Result<Page<ApplicationVersion>> {
        policy::check(&cx.actor, Action::CatalogueRead)?;
        let query = application_versions::table
            .filter(application_versions::application_id.eq(application_id.0))
            .select(ApplicationVersionRow::as_select())
            .into_boxed();
        let query = keyset!(query, application_versions::id, page);
        page_of(self.rows(cx, query).await?, page)
    }

    /// Puts a checked version into the catalogue.
    pub(crate) async fn application_version_insert(
        &self,
        tx: &mut Tx,
        application_id: ApplicationId,
        input: &ApplicationPublish,
    ) -> Result<ApplicationVersionId> {
        let id: ApplicationVersionId = self.ids.next();
        let probe = serde_json::to_value(&input.probe).map_err(Error::internal)?;
        let options = serde_json::to_value(&input.options).map_err(Error::internal)?;
        diesel::insert_into(application_versions::table)
            .values((
                application_versions::id.eq(id.0),
                application_versions::application_id.eq(application_id.0),
                application_versions::version.eq(&input.version),
                application_versions::image_id.eq(input.image_id.0),
                application_versions::memory_bytes.eq(input.memory_bytes),
                application_versions::vcpus.eq(input.vcpus),
                application_versions::data_bytes.eq(input.data_bytes),
                application_versions::shareable.eq(input.shareable),
                application_versions::http_port.eq(i32::from(input.http_port)),
                application_versions::probe.eq(probe),
                application_versions::options.eq(options),
                application_versions::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "application_versions_application_id_version_key",
                "version",
                "This version was published already. Publish another one.",
            )]))?;
        Ok(id)
    }
}

/// Checks what is to be published; each error names the argument.
pub(crate) fn publish_check(input: &ApplicationPublish) -> Result<()> {
    check::slug("slug", &input.slug)?;
    check::text("name", &input.name, 100)?;
    check::text("summary", &input.summary, 500)?;
    for texts in input.translations.values() {
        let named = |error: Error| error.at("translations");
        check::text("name", &texts.name, 100).map_err(named)?;
        check::text("summary", &texts.summary, 500).map_err(named)?;
    }
    check::text("version", &input.version, 50)?;
    check::size(
        "memoryBytes",
        "dataBytes",
        input.memory_bytes,
        input.data_bytes,
    )?;
    check::range("vcpus", input.vcpus, 1, check::VCPUS_MOST, "")?;
    check::range("httpPort", input.http_port, 1, u16::MAX, "")?;
    probe_check(&input.probe)?;
    if input.options.len() > OPTIONS_MOST {
        return Err(Error::invalid(
            "options",
            message!("Give at most {most} options.", most = OPTIONS_MOST),
        ));
    }
    for (index, spec) in input.options.iter().enumerate() {
        if input.options[..index]
            .iter()
            .any(|other| other.name == spec.name)
        {
            let name = &spec.name;
            return Err(option_wrong(message!(
                "The option \"{name}\" is there twice.",
                name
            )));
        }
        option_spec_check(spec)?;
    }
    Ok(())
}

fn probe_check(probe: &Probe) -> Result<()> {
    check::text("probe", &probe.path, 200)?;
    if !probe.path.starts_with('/') || probe.path.contains(' ') {
        return Err(Error::invalid(
            "probe",
            "Give an absolute path, such as /health.",
        ));
    }
    check::text_opt("probe", probe.contains.as_deref(), 200)?;
    check::range("probe", probe.deadline_seconds, 1, 3600, " seconds")
}

fn option_spec_check(spec: &OptionSpec) -> Result<()> {
    let name = &spec.name;
    let mut bytes = spec.name.bytes();
    let named = (1..=40).contains(&spec.name.len())
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_alphanumeric());
    if !named {
        return Err(option_wrong(message!(
            "The option \"{name}\" needs a name of 1 to 40 letters and digits (lowerCamel).",
            name
        )));
    }
    for texts in spec.translations.values().chain([&spec.texts]) {
        option_texts_check(spec, texts)?;
    }
    match &spec.kind {
        OptionKind::Integer { min, max } if min > max => {
            return Err(option_wrong(message!(
                "The option \"{name}\" has a least value above its most.",
                name
            )));
        }
        OptionKind::Text { max_length } if !(1..=10_000).contains(max_length) => {
            return Err(option_wrong(message!(
                "The option \"{name}\" may have 1 to 10000 characters.",
                name
            )));
        }
        OptionKind::Choice { choices } if choices.is_empty() || choices.len() > 100 => {
            return Err(option_wrong(message!(
                "The option \"{name}\" needs 1 to 100 choices.",
                name
            )));
        }
        _ => {}
    }
    match &spec.default {
        // A default must be a value that an operator could give.
        Some(value) => {
            let given = Options::from([(spec.name.clone(), value.clone())]);
            options_check(std::slice::from_ref(spec), &given).map(|_| ())
        }
        None => Ok(()),
    }
}

fn option_texts_check(spec: &OptionSpec, texts: &OptionTexts) -> Result<()> {
    check::text("options", &texts.title, 100)?;
    check::text_opt("options", texts.description.as_deref(), 500)?;
    let choices = match &spec.kind {
        OptionKind::Choice { choices } => choices.len(),
        _ => 0,
    };
    let titles = &texts.choice_titles;
    if !titles.is_empty() && titles.len() != choices {
        return Err(option_wrong(message!(
            "The option \"{name}\" needs a title for each choice, or none.",
            name = &spec.name
        )));
    }
    let mut titles = titles.iter();
    titles.try_for_each(|title| check::text("options", title, 100))
}

fn option_wrong(message: Message) -> Error {
    Error::invalid("options", message)
}
