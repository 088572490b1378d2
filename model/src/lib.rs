//! The words of Berth as types: nouns, ids, states, error codes and the policy of who may do what.
//!
//! Nothing here does I/O. Every other room depends on this one and on nothing sideways, so a word
//! that two rooms share has its one definition here (DESIGN.md sections 1 and 2).

mod account;
mod actor;
mod application;
mod audit;
mod brand;
mod buckets;
mod client;
mod clock;
mod deployment;
mod domain_name;
mod email_address;
mod error;
mod fleet;
mod fleet_move;
mod global_id;
mod hindrance;
mod https_url;
mod id;
mod identity_provider;
mod ids;
mod image;
mod invitation;
mod language;
mod machine;
pub mod message;
mod network;
mod notice;
mod oauth_text;
mod offer;
mod operation;
mod page;
mod placement;
mod plan;
pub mod policy;
mod reach;
mod redirect_uri;
mod remote;
mod session;
mod site;
mod size;
mod states;
mod storefront;
mod support_grant;
mod tenant;
mod token_scope;
mod virtual_machine;
mod volume;
mod web_origin;
mod webhook;
mod webhook_event;
mod webhook_url;

pub use account::{Account, Realm};
pub use actor::{Actor, Caller, Scope, ViewerKind};
pub use application::{
    Application, ApplicationPublish, ApplicationTexts, ApplicationVersion, OptionKind, OptionSpec,
    OptionTexts, OptionValue, Options, Probe, Translations, options_check,
};
pub use audit::{AccountEvent, AccountEventLine, AuditEntry, AuditFilter, AuditResult};
pub use brand::{Brand, Color, Locale};
pub use buckets::{Bucket, Buckets};
pub use client::{Client, ClientCreate, ClientFor, ClientKind};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use deployment::{Deployment, DeploymentCreate, DeploymentState, DesiredState, Handover};
pub use domain_name::DomainName;
pub use email_address::EmailAddress;
pub use error::{Error, ErrorCode, Result};
pub use fleet::{
    FAILURES_MOST, FailureDomain, FleetDemand, FleetFacts, FleetMachine, FleetNetwork,
    FleetReservation, PlacementPolicy, RestartChange, Restarts,
};
pub use fleet_move::{
    FleetMove, FleetMoveAsked, FleetMoveState, FleetRebalanceApply, MoveSkip, Transit,
};
pub use global_id::GlobalId;
pub use hindrance::Hindrance;
pub use https_url::HttpsUrl;
pub use id::*;
pub use identity_provider::{
    Identity, IdentityAnswer, IdentityAsk, IdentityClaims, IdentityClient, IdentityIssuers,
    IdentityOutcome, IdentityPending, IdentityProvider, IdentityProviderCreate,
    IdentityProviderUpdate, IdentityStep, IdentityTrip, Issuer, is_reachable,
};
pub use ids::Ids;
pub use image::{Image, ImageCreate, Sha256};
pub use invitation::{Invitation, InvitationCreate, Invited};
pub use machine::{
    GuestType, Machine, MachineEnroll, MachineObservation, MachineState, MachineUpdate, StoragePool,
};
pub use message::Message;
pub use network::{Address, AddressFamily, Network, NetworkCreate, NetworkRange};
pub use notice::{
    DeploymentEvent, DeploymentNotice, Notice, NoticeBody, NoticeId, NoticeKind, NoticeState,
    Recipient,
};
pub use oauth_text::oauth_text;
pub use offer::{Offers, OffersChanges, PlanOffer};
pub use operation::{
    Operation, OperationEvent, OperationEventKind, OperationKind, OperationState, OperationStep,
    StepState,
};
pub use page::{Page, PageRequest};
pub use placement::{
    Candidate, Explanation, PlacementRemedy, Shortage, Verdict, VerdictCount, VerdictKind,
};
pub use plan::{Hosting, Money, Plan, PlanCreate};
pub use reach::Reach;
pub use redirect_uri::RedirectUri;
pub use remote::{TrustedProxies, subscriber};
pub use session::{
    ChallengePurpose, Consent, GrantGive, Membership, Person, Protection, Session, SessionCookies,
    SignUp, SignedIn, Visit,
};
pub use site::{Rack, Site};
pub use size::bytes_text;
pub use states::States;
pub use storefront::{Change, Storefront, StorefrontChanges, StorefrontCreate};
pub use support_grant::{SupportGrant, SupportGrantCreate};
pub use tenant::{Member, MemberCreate, PlatformRole, Role, Tenant, TenantCreate};
pub use token_scope::{TokenScope, TokenScopes};
pub use virtual_machine::{Reservation, VirtualMachine, VirtualMachineState};
pub use volume::{Volume, VolumeKind, VolumeState};
pub use web_origin::WebOrigin;
pub use webhook::{
    WebhookAttempt, WebhookDelivery, WebhookDeliveryState, WebhookDisabledReason, WebhookEndpoint,
    WebhookEndpointCreate, WebhookEndpointUpdate,
};
pub use webhook_event::{WebhookData, WebhookPattern, webhook_body, webhook_event_types};
pub use webhook_url::{WebhookDestinations, WebhookUrl};
