//! Machines as the provider sees them; how they are enrolled and changed is in the modules below.
//! What a worker finds and changes on them is in `fleet`.

mod enroll;
mod update;
mod uri;

use berth_model::{
    Error, Machine, MachineId, MachineState, Page, PageRequest, Result, Timestamp, policy,
    policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    reads::{keyset, page_of, reads, row_read},
    schema::machines,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = machines)]
pub(crate) struct MachineRow {
    id: Uuid,
    rack_id: Uuid,
    name: String,
    uri: String,
    state: String,
    guest_type: String,
    vcpu_overcommit_percent: i32,
    memory_reserve_bytes: i64,
    memory_bytes: i64,
    cpus: i32,
    memory_foreign_bytes: i64,
    vcpus_foreign: i32,
    memory_used_bytes: i64,
    vcpus_used: i32,
    cpu_model: Option<String>,
    observed_at: Option<Timestamp>,
    unreachable_since: Option<Timestamp>,
    created_at: Timestamp,
}

impl TryFrom<MachineRow> for Machine {
    type Error = Error;

    fn try_from(row: MachineRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            rack_id: row.rack_id.into(),
            name: row.name,
            uri: row.uri,
            state: row.state.parse()?,
            guest_type: row.guest_type.parse()?,
            vcpu_overcommit_percent: row.vcpu_overcommit_percent,
            memory_reserve_bytes: row.memory_reserve_bytes,
            memory_bytes: row.memory_bytes,
            cpus: row.cpus,
            memory_foreign_bytes: row.memory_foreign_bytes,
            vcpus_foreign: row.vcpus_foreign,
            memory_used_bytes: row.memory_used_bytes,
            vcpus_used: row.vcpus_used,
            cpu_model: row.cpu_model,
            observed_at: row.observed_at,
            unreachable_since: row.unreachable_since,
            created_at: row.created_at,
        })
    }
}

reads!(
    "machine", FleetRead, machines, MachineRow => Machine,
    machine_get, machine_by_ids, MachineId
);
row_read!("machine", machines, MachineRow => Machine, MachineId);

impl Store {
    /// The machines, of some states if any are named.
    pub async fn machine_list(
        &self,
        cx: &Cx,
        page: PageRequest,
        states: &[MachineState],
    ) -> Result<Page<Machine>> {
        policy::check(&cx.actor, Action::FleetRead)?;
        let mut query = machines::table.select(MachineRow::as_select()).into_boxed();
        if !states.is_empty() {
            let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
            query = query.filter(machines::state.eq_any(states));
        }
        let query = keyset!(query, machines::id, page);
        page_of(self.rows(cx, query).await?, page)
    }
}
