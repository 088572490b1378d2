//! Machines: physical hosts.

use async_graphql::{Context, ID, Object, Result};
use berth_model::{GuestType, MachineId, MachineState, OperationId, Timestamp, VirtualMachineId};
use berth_store::OperationFilter;

use super::{
    loaders::{NetworksOf, StoragePoolsOf},
    network::Network,
    noun::{get, global, noun},
    operation::Operation,
    page::{Connection, PageArguments, connection},
    rack::Rack,
    scalars::Bytes,
    states::State,
    storage_pool::StoragePool,
    virtual_machine::VirtualMachine,
};
use crate::context::request;

noun!(Machine, MachineId);

/// A physical host.
#[Object]
impl Machine {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// In which rack.
    async fn rack(&self, ctx: &Context<'_>) -> Result<Rack> {
        get(ctx, self.0.rack_id).await
    }

    /// Its host name, unique.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// libvirt's connection URI, or `sim:NAME` for a simulated machine.
    async fn uri(&self) -> &str {
        &self.0.uri
    }

    /// What the provider wants of it.
    async fn state(&self) -> State<MachineState> {
        State(self.0.state)
    }

    /// How guests run on it.
    async fn guest_type(&self) -> State<GuestType> {
        State(self.0.guest_type)
    }

    /// Virtual CPUs that may be sold for a hundred of its CPUs.
    async fn vcpu_overcommit_percent(&self) -> i32 {
        self.0.vcpu_overcommit_percent
    }

    /// Memory kept for the host itself.
    async fn memory_reserve_bytes(&self) -> Bytes {
        Bytes(self.0.memory_reserve_bytes)
    }

    /// Memory it has; nothing until it was looked at.
    async fn memory_bytes(&self) -> Option<Bytes> {
        self.0.observed_at.map(|_| Bytes(self.0.memory_bytes))
    }

    /// What libvirt calls its processors, such as `EPYC-Rome`, if it says. With KVM a virtual machine
    /// moves alive only between machines with the same.
    async fn cpu_model(&self) -> Option<&str> {
        self.0.cpu_model.as_deref()
    }

    /// CPUs it has (threads); nothing until it was looked at.
    async fn cpus(&self) -> Option<i32> {
        self.0.observed_at.map(|_| self.0.cpus)
    }

    /// Memory of guests that aren't Berth's, as last observed.
    async fn memory_foreign_bytes(&self) -> Option<Bytes> {
        self.0
            .observed_at
            .map(|_| Bytes(self.0.memory_foreign_bytes))
    }

    /// Virtual CPUs of guests that aren't Berth's, as last observed.
    async fn vcpus_foreign(&self) -> Option<i32> {
        self.0.observed_at.map(|_| self.0.vcpus_foreign)
    }

    /// Memory that is reserved.
    async fn memory_used_bytes(&self) -> Bytes {
        Bytes(self.0.memory_used_bytes)
    }

    /// Memory that may be reserved in all.
    async fn memory_limit_bytes(&self) -> Bytes {
        Bytes(self.0.memory_limit_bytes())
    }

    /// Virtual CPUs that are reserved.
    async fn vcpus_used(&self) -> i32 {
        self.0.vcpus_used
    }

    /// Virtual CPUs that may be reserved in all.
    async fn vcpu_limit(&self) -> i32 {
        self.0.vcpu_limit()
    }

    /// When it was last looked at.
    async fn observed_at(&self) -> Option<Timestamp> {
        self.0.observed_at
    }

    /// Since when it can't be reached.
    async fn unreachable_since(&self) -> Option<Timestamp> {
        self.0.unreachable_since
    }

    /// Its storage pools.
    async fn storage_pools(&self, ctx: &Context<'_>) -> Result<Vec<StoragePool>> {
        let found = request(ctx)
            .loaders
            .load_one(StoragePoolsOf(self.0.id))
            .await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(StoragePool)
            .collect())
    }

    /// The networks that it is on.
    async fn networks(&self, ctx: &Context<'_>) -> Result<Vec<Network>> {
        let found = request(ctx).loaders.load_one(NetworksOf(self.0.id)).await?;
        Ok(found.unwrap_or_default().into_iter().map(Network).collect())
    }

    /// The virtual machines on it.
    async fn virtual_machines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<VirtualMachine>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<VirtualMachineId>()?;
        let found = request
            .store
            .virtual_machine_list(&request.cx, page, self.0.id)
            .await?;
        Ok(connection(page, found))
    }

    /// What was done with it.
    async fn operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Operation>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<OperationId>()?;
        let filter = OperationFilter {
            machine_id: Some(self.0.id),
            ..Default::default()
        };
        let found = request
            .store
            .operation_list(&request.cx, page, &filter)
            .await?;
        Ok(connection(page, found))
    }

    /// When it was enrolled.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// Questions about machines.
#[derive(Default)]
pub(crate) struct MachineQuery;

#[Object]
impl MachineQuery {
    /// All machines. For the provider.
    async fn machines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in one of these states.")] states: Option<
            Vec<State<MachineState>>,
        >,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Machine>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<MachineId>()?;
        let states: Vec<_> = states
            .unwrap_or_default()
            .into_iter()
            .map(|state| state.0)
            .collect();
        let found = request
            .store
            .machine_list(&request.cx, page, &states)
            .await?;
        Ok(Some(connection(page, found)))
    }
}
