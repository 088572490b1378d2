//! The schema: one file per noun, each with its object, its questions and its changes.

mod account;
mod address;
mod application;
mod application_publish;
mod application_version;
mod audit_entry;
mod audited;
mod client;
mod client_mutation;
mod deployment;
mod deployment_change;
mod deployment_create;
mod deployment_handover;
mod fleet_forecast;
mod fleet_growth;
mod fleet_move;
mod fleet_survival;
mod hindrance;
mod identity_provider;
mod identity_provider_change;
mod image;
mod input;
mod invitation;
mod loaders;
mod machine;
mod machine_mutation;
mod member;
mod move_plan;
mod network;
mod node;
mod noun;
mod offer;
mod operation;
mod operation_cancel;
mod operation_event;
mod operation_updated;
mod page;
mod payload;
mod placement;
mod placement_policy;
mod placement_preview;
mod plan;
mod rack;
mod reservation;
mod scalars;
mod site;
mod states;
mod storage_pool;
mod storefront;
mod storefront_change;
mod support_grant;
mod tenant;
mod viewer;
mod virtual_machine;
mod volume;
mod webhook_delivery;
mod webhook_endpoint;
mod webhook_endpoint_change;

use async_graphql::{MergedObject, SDLExportOptions, SchemaBuilder};

pub(crate) use audited::{Mutation, line};
pub(crate) use loaders::Loaders;
pub(crate) use operation_updated::Subscription;
pub(crate) use page::{PAGE_DEFAULT, PAGE_MAX};

/// Questions. What the caller may not see does not exist for it.
#[derive(Default, MergedObject)]
pub(crate) struct Query(
    node::NodeQuery,
    viewer::ViewerQuery,
    tenant::TenantQuery,
    deployment::DeploymentQuery,
    operation::OperationQuery,
    application::ApplicationQuery,
    plan::PlanQuery,
    site::SiteQuery,
    network::NetworkQuery,
    image::ImageQuery,
    machine::MachineQuery,
    placement_policy::PlacementPolicyQuery,
    placement_preview::PlacementPreviewQuery,
    fleet_forecast::FleetForecastQuery,
    fleet_survival::FleetSurvivalQuery,
    move_plan::MovePlanQuery,
    storefront::StorefrontQuery,
    client::ClientQuery,
    identity_provider::IdentityProviderQuery,
    webhook_endpoint::WebhookEndpointQuery,
    audit_entry::AuditEntryQuery,
);

/// Changes. Each takes an `input` with an `idempotencyKey`, answers with what it made or with
/// `userErrors`, and returns at once: what takes long is an `Operation`.
#[derive(Default, MergedObject)]
#[graphql(name = "Mutation")]
pub(crate) struct Changes(
    tenant::TenantMutation,
    member::MemberMutation,
    invitation::InvitationMutation,
    support_grant::SupportGrantMutation,
    storefront_change::StorefrontMutation,
    offer::OfferMutation,
    client_mutation::ClientMutation,
    identity_provider_change::IdentityProviderMutation,
    site::SiteMutation,
    rack::RackMutation,
    network::NetworkMutation,
    image::ImageMutation,
    application_publish::ApplicationMutation,
    plan::PlanMutation,
    machine_mutation::MachineMutation,
    placement_policy::PlacementPolicyMutation,
    fleet_move::FleetMoveMutation,
    deployment_create::DeploymentCreateMutation,
    deployment_change::DeploymentChangeMutation,
    deployment_handover::DeploymentHandoverMutation,
    operation_cancel::OperationMutation,
    webhook_endpoint_change::WebhookEndpointMutation,
    webhook_delivery::WebhookDeliveryMutation,
);

/// The schema. Requests reach it through the gate alone, which gives each its context.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema.
pub(crate) fn schema() -> Schema {
    let builder = Schema::build(Query::default(), Mutation::default(), Subscription)
        .register_output_type::<node::Node>()
        .disable_suggestions();
    connections_describe(builder).finish()
}

/// Describes each connection: async-graphql's own type has no words.
fn connections_describe(
    builder: SchemaBuilder<Query, Mutation, Subscription>,
) -> SchemaBuilder<Query, Mutation, Subscription> {
    macro_rules! describe {
        ($($noun:ident::$name:ident),+ $(,)?) => {
            builder$(.override_output_type_description::<page::Connection<$noun::$name>>(
                "A page of a list. Lists are in the order in which things were made, oldest first.",
            ))+
        };
    }
    describe!(
        address::Address,
        application::Application,
        application_version::ApplicationVersion,
        audit_entry::AuditEntry,
        client::Client,
        deployment::Deployment,
        identity_provider::IdentityProvider,
        image::Image,
        invitation::Invitation,
        machine::Machine,
        member::Member,
        network::Network,
        operation::Operation,
        plan::Plan,
        rack::Rack,
        site::Site,
        storefront::Storefront,
        support_grant::SupportGrant,
        tenant::Tenant,
        virtual_machine::VirtualMachine,
        webhook_delivery::WebhookDelivery,
        webhook_endpoint::WebhookEndpoint,
    )
}

/// The schema as text, sorted: what `schema.graphql` holds.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident()
        .indent_width(2);
    schema().sdl_with_options(options)
}
