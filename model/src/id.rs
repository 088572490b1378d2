//! Typed ids: a UUIDv7 each, with a prefix that tells the noun at the edge.
//!
//! The table below is append-only: a prefix that was ever given out keeps its meaning.

use uuid::Uuid;

/// A typed id.
pub trait Id: Copy + From<Uuid> + Into<Uuid> {
    /// The prefix of the noun's global id, such as `dep`.
    const PREFIX: &'static str;
    /// The noun, as in GraphQL.
    const NOUN: &'static str;
}

macro_rules! ids {
    ($( $(#[$meta:meta])* $name:ident, $prefix:literal, $noun:literal; )+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
            #[serde(transparent)]
            pub struct $name(pub Uuid);

            impl Id for $name {
                const PREFIX: &'static str = $prefix;
                const NOUN: &'static str = $noun;
            }

            impl From<Uuid> for $name {
                fn from(uuid: Uuid) -> Self { Self(uuid) }
            }

            impl From<$name> for Uuid {
                fn from(id: $name) -> Self { id.0 }
            }

            /// The global form: prefix, underscore, 32 hexadecimal digits.
            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    write!(f, concat!($prefix, "_{}"), self.0.simple())
                }
            }

            impl std::str::FromStr for $name {
                type Err = crate::Error;

                fn from_str(text: &str) -> Result<Self, crate::Error> {
                    crate::global_id::parse_typed(text)
                }
            }
        )+

        /// Prefix and noun of every id, in the order of the table.
        pub const ID_KINDS: &[(&str, &str)] = &[ $( ($prefix, $noun), )+ ];
    };
}

ids! {
    /// Of an account.
    AccountId, "acc", "Account";
    /// Of an address.
    AddressId, "adr", "Address";
    /// Of an application.
    ApplicationId, "app", "Application";
    /// Of an application version.
    ApplicationVersionId, "apv", "ApplicationVersion";
    /// Of a line of the audit log.
    AuditEntryId, "aud", "AuditEntry";
    /// Of an OAuth client.
    ClientId, "cli", "Client";
    /// Of a deployment.
    DeploymentId, "dep", "Deployment";
    /// Of an identity provider.
    IdentityProviderId, "idp", "IdentityProvider";
    /// Of an image.
    ImageId, "img", "Image";
    /// Of an invitation.
    InvitationId, "inv", "Invitation";
    /// Of a physical machine.
    MachineId, "mac", "Machine";
    /// Of a member.
    MemberId, "mem", "Member";
    /// Of a network.
    NetworkId, "net", "Network";
    /// Of an operation.
    OperationId, "opr", "Operation";
    /// Of a plan.
    PlanId, "pln", "Plan";
    /// Of a rack.
    RackId, "rck", "Rack";
    /// Of a reservation.
    ReservationId, "rsv", "Reservation";
    /// Of a site.
    SiteId, "sit", "Site";
    /// Of a storage pool.
    StoragePoolId, "pol", "StoragePool";
    /// Of a storefront.
    StorefrontId, "stf", "Storefront";
    /// Of a support grant.
    SupportGrantId, "sgr", "SupportGrant";
    /// Of a tenant.
    TenantId, "ten", "Tenant";
    /// Of a virtual machine; also its guest's UUID in libvirt.
    VirtualMachineId, "vm", "VirtualMachine";
    /// Of a volume.
    VolumeId, "vol", "Volume";
    /// Of a webhook delivery; also its `webhook-id`.
    WebhookDeliveryId, "whd", "WebhookDelivery";
    /// Of a webhook endpoint.
    WebhookEndpointId, "whe", "WebhookEndpoint";
}

impl TenantId {
    /// The reserved tenant that the platform's own work and its free addresses belong to.
    pub const PLATFORM: TenantId =
        TenantId(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001));
}
