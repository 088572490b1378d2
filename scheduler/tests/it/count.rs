//! Counting on the machines themselves: exactly what the database says is there.

use std::collections::{BTreeMap, BTreeSet};

use berth_hypervisor::simulator::SimulatorState;
use berth_model::{
    Address, DeploymentId, DeploymentState, Machine, PageRequest, VirtualMachine, VirtualMachineId,
    VirtualMachineState, VolumeKind, VolumeState,
};
use berth_scheduler::names;

use crate::world::World;

impl World {
    /// Guests, volumes, addresses and reservations are those of the database; counters are sums; no
    /// machine ever had more than it has; no seed is left.
    pub async fn counts(&self) {
        let mismatches = self.store.counters_check(&self.platform).await.unwrap();
        assert!(mismatches.is_empty(), "{mismatches:#?}");
        let mut holders = BTreeSet::new();
        for machine in &self.machines {
            let state = self.simulated(machine).state().unwrap();
            assert!(
                state.peak_memory_bytes <= state.memory_bytes,
                "{} was over",
                machine.name
            );
            assert!(
                state.peak_pool_bytes <= state.pool_bytes,
                "{} was over",
                machine.name
            );
            let page = PageRequest::first(200);
            let found = self
                .store
                .virtual_machine_list(&self.platform, page, machine.id)
                .await;
            let vms = found.unwrap().items;
            self.guests_match(machine, &state, &vms);
            self.volumes_match(machine, &state, &vms).await;
            holders.extend(vms.iter().map(|vm| vm.id));
        }
        self.addresses_match(&holders).await;
    }

    fn guests_match(&self, machine: &Machine, state: &SimulatorState, vms: &[VirtualMachine]) {
        let guests: BTreeMap<_, _> = state
            .guests
            .iter()
            .filter(|(_, guest)| guest.is_berths)
            .map(|(id, guest)| (*id, guest.power.is_on()))
            .collect();
        let expected: BTreeMap<_, _> = vms
            .iter()
            .filter(|vm| {
                use VirtualMachineState as S;
                matches!(vm.state, S::Running | S::Stopped)
            })
            .map(|vm| (vm.id.0, vm.state == VirtualMachineState::Running))
            .collect();
        assert_eq!(guests, expected, "guests of {}", machine.name);
        let seeds: Vec<_> = state
            .guests
            .values()
            .filter_map(|guest| guest.seed_volume.as_ref())
            .collect();
        assert!(seeds.is_empty(), "{seeds:?}");
    }

    async fn volumes_match(
        &self,
        machine: &Machine,
        state: &SimulatorState,
        vms: &[VirtualMachine],
    ) {
        let ids: Vec<VirtualMachineId> = vms.iter().map(|vm| vm.id).collect();
        let volumes = self
            .store
            .volume_by_virtual_machine_ids(&self.platform, &ids)
            .await
            .unwrap();
        let mut expected = BTreeSet::new();
        for vm in vms {
            for volume in &volumes[&vm.id] {
                if volume.state != VolumeState::Present {
                    continue;
                }
                assert_eq!(volume.storage_pool_id, vm.storage_pool_id);
                let name = match volume.kind {
                    VolumeKind::System => names::system_volume(vm.id, vm.system_revision),
                    VolumeKind::Data => names::data_volume(volume.id),
                };
                let bytes = state.volumes.get(&name).map(|volume| volume.bytes);
                assert_eq!(bytes, u64::try_from(volume.size_bytes).ok(), "{name}");
                expected.insert(name);
            }
        }
        let found: BTreeSet<String> = state
            .volumes
            .keys()
            .filter(|name| !name.starts_with("berth-image-"))
            .cloned()
            .collect();
        assert_eq!(found, expected, "volumes of {}", machine.name);
    }

    async fn addresses_match(&self, holders: &BTreeSet<VirtualMachineId>) {
        let mut held: BTreeMap<VirtualMachineId, usize> = BTreeMap::new();
        for address in self.addresses().await {
            if let Some(holder) = address.virtual_machine_id {
                *held.entry(holder).or_default() += 1;
            }
        }
        let expected: BTreeMap<_, _> = holders.iter().map(|id| (*id, 2)).collect();
        assert_eq!(held, expected, "an IPv4 and an IPv6 address each");
    }

    /// All addresses of the network.
    pub async fn addresses(&self) -> Vec<Address> {
        let mut page = PageRequest::first(200);
        let mut all = Vec::new();
        loop {
            let found = self
                .store
                .address_list(&self.platform, page, self.network.id)
                .await
                .unwrap();
            all.extend(found.items);
            if !found.has_more {
                return all;
            }
            page.after = all.last().map(|address| address.id.0);
        }
    }

    /// What the guest wrote when it formatted the data volume: stays the same as long as nothing is
    /// lost.
    pub async fn data_note(&self, id: DeploymentId) -> String {
        let volume = self
            .store
            .volume_by_deployment_ids(&self.platform, &[id])
            .await
            .unwrap();
        let name = names::data_volume(volume[&id].id);
        let found = self.machines.iter().find_map(|machine| {
            let state = self.simulated(machine).state().unwrap();
            let data = state.volumes.get(&name)?.data.clone().unwrap();
            assert_eq!(data.formats, 1);
            Some(data.note)
        });
        found.expect("the data volume is on a machine")
    }

    /// The machine that a deployment is on.
    pub async fn machine_of(&self, id: DeploymentId) -> Option<Machine> {
        let machine_id = self.vm_of(id).await.machine_id?;
        Some(self.machine(machine_id).await)
    }

    pub async fn vm_of(&self, id: DeploymentId) -> VirtualMachine {
        let vm = self.deployment(id).await.virtual_machine_id;
        self.store
            .virtual_machine_get(&self.platform, vm)
            .await
            .unwrap()
    }

    pub async fn states(&self, ids: &[DeploymentId]) -> BTreeMap<DeploymentState, usize> {
        let mut states = BTreeMap::new();
        for deployment in self
            .store
            .deployment_by_ids(&self.platform, ids)
            .await
            .unwrap()
            .into_values()
        {
            *states.entry(deployment.state).or_default() += 1;
        }
        states
    }
}
