//! Virtual machines as the API shows them. What a worker does with them is in `fleet`.

use berth_model::{
    Error, MachineId, Page, PageRequest, Result, Timestamp, VirtualMachine, VirtualMachineId,
    policy, policy::Action,
};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, reads},
    schema::virtual_machines,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = virtual_machines)]
pub(crate) struct VirtualMachineRow {
    id: Uuid,
    tenant_id: Uuid,
    site_id: Uuid,
    image_id: Uuid,
    hosting: String,
    machine_id: Option<Uuid>,
    storage_pool_id: Option<Uuid>,
    state: String,
    mac: String,
    revision: i64,
    system_revision: i32,
    restart_requested_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl TryFrom<VirtualMachineRow> for VirtualMachine {
    type Error = Error;

    fn try_from(row: VirtualMachineRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            site_id: row.site_id.into(),
            image_id: row.image_id.into(),
            hosting: row.hosting.parse()?,
            machine_id: row.machine_id.map(Into::into),
            storage_pool_id: row.storage_pool_id.map(Into::into),
            state: row.state.parse()?,
            mac: row.mac,
            revision: row.revision,
            system_revision: row.system_revision,
            restart_requested_at: row.restart_requested_at,
            started_at: row.started_at,
            created_at: row.created_at,
        })
    }
}

reads!(
    "virtual machine", DeploymentRead, virtual_machines, VirtualMachineRow => VirtualMachine,
    virtual_machine_get, virtual_machine_by_ids, VirtualMachineId
);

impl Store {
    /// The virtual machines on a machine.
    pub async fn virtual_machine_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        machine_id: MachineId,
    ) -> Result<Page<VirtualMachine>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let query = virtual_machines::table
            .filter(virtual_machines::machine_id.eq(machine_id.0))
            .select(VirtualMachineRow::as_select())
            .into_boxed();
        let query = keyset!(query, virtual_machines::id, page);
        page_of(self.rows(cx, query).await?, page)
    }
}
