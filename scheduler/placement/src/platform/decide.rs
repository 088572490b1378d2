//! One decision: the engine's, asked once for each network that has free addresses.

use std::collections::BTreeSet;

use berth_model::{Explanation, Hindrance, MachineId, NetworkId, RestartChange};

use super::{Chosen, Decision, NetworkNeed, Platform, Request, summary::closest, verdict::best_of};
use crate::fleet::{Ask, LabelNumber, Mark, Need, VmNumber};

/// The request as the engine is asked, with addresses of one network.
pub(super) struct Asked {
    pub(super) ask: Ask,
    pub(super) network: Option<NetworkId>,
}

impl Platform {
    /// Decides, and is as if it were so afterwards.
    pub fn decide(&mut self, request: &Request) -> Decision {
        if let Some(held) = request.held.clone() {
            return self.grow(request, &held);
        }
        let asked = self.asked(request);
        let mark = self.fleet.mark();
        // What has no place for a restart yet comes first.
        self.fleet.protect();
        let found = self.found(request, &asked);
        let closest = closest(&found);
        let mut summary = self.summary(&asked, &found, &closest);
        let mut chosen = self.choose(&asked, &mark);
        let explanation = match &mut chosen {
            Some(chosen) => {
                summary.chosen = Some(chosen.machine_id);
                if chosen.relied.is_none() {
                    chosen.alternatives = self.alternatives(chosen, &found, &closest);
                }
                summary
            }
            None => self.explanation(&asked),
        };
        self.fleet.keep(mark);
        let placed = chosen.as_ref();
        let placed = placed.and_then(|chosen| self.number(chosen.machine_id));
        self.found_keep(&asked, found, placed);
        Decision {
            chosen,
            explanation,
        }
    }

    /// Where it would go and why; nothing is changed.
    pub fn preview(&mut self, request: &Request) -> Explanation {
        let asked = self.asked(request);
        let mark = self.fleet.mark();
        self.fleet.protect();
        let mut explanation = self.explanation(&asked);
        explanation.chosen = self.best(&asked).map(|(_, machine, _)| machine);
        self.fleet.back(mark);
        explanation
    }

    /// What would make more machines fit, the smallest change first, with how many would.
    pub fn relaxations(&mut self, request: &Request) -> Vec<(Hindrance, usize)> {
        let mark = self.fleet.mark();
        self.fleet.protect();
        // Where a site has several networks, the first that has addresses.
        let ask = self.asked(request)[0].ask;
        let found = self.fleet.relax(&ask);
        self.fleet.back(mark);
        let relaxation = |one: &crate::Relaxation| (Hindrance::from(&one.without), one.machines);
        found.iter().map(relaxation).collect()
    }

    /// By network, in the order of their ids. One that is nowhere, if none has free addresses.
    pub(super) fn asked(&mut self, request: &Request) -> Vec<Asked> {
        let networks: Vec<(Vec<NetworkId>, Option<NetworkId>)> = match &request.network {
            NetworkNeed::Held(held) => vec![(held.clone(), None)],
            NetworkNeed::Any => self
                .networks_free(request)
                .into_iter()
                .map(|network| (vec![network], Some(network)))
                .collect(),
        };
        let mut asked = Vec::with_capacity(networks.len().max(1));
        for (needed, network) in networks {
            let ask = self.ask(request, &needed);
            asked.push(Asked { ask, network });
        }
        if asked.is_empty() {
            let ask = self.ask_with(request, vec![self.nowhere]);
            asked.push(Asked { ask, network: None });
        }
        asked
    }

    fn networks_free(&self, request: &Request) -> BTreeSet<NetworkId> {
        let of_site = self.facts.machines.iter();
        let of_site = of_site.filter(|known| known.site_id == request.site_id);
        let networks = of_site.flat_map(|known| &known.networks);
        let free = networks.filter(|network| network.has_free);
        free.map(|network| network.id).collect()
    }

    pub(super) fn ask(&mut self, request: &Request, networks: &[NetworkId]) -> Ask {
        let label = |network| self.networks.get(network).copied().unwrap_or(self.nowhere);
        let labels = networks.iter().map(label).collect();
        self.ask_with(request, labels)
    }

    fn ask_with(&mut self, request: &Request, labels: Vec<LabelNumber>) -> Ask {
        let site = match self.sites.get(&request.site_id) {
            Some(site) => *site,
            None => self.fleet.site_add(),
        };
        let need = self.need(Need {
            sizes: request.room.sizes(),
            site: Some(site),
            labels,
            image: Some(self.image),
            ..Need::default()
        });
        let tenant = self.tenant(request.tenant_id);
        Ask {
            restarts: request.room.memory_bytes > 0,
            ..Ask::plain(need, tenant)
        }
    }

    /// The lowest score; of equal ones the first machine, then the first network.
    fn best(&mut self, asked: &[Asked]) -> Option<(i64, MachineId, usize)> {
        let mut best: Option<(i64, MachineId, usize)> = None;
        for (index, asked) in asked.iter().enumerate() {
            let Ok(placed) = self.fleet.preview(&asked.ask) else {
                continue;
            };
            let machine = self.known(placed.place.machine).machine.id;
            let found = (placed.score, machine, index);
            if best.is_none_or(|best| found < best) {
                best = Some(found);
            }
        }
        best
    }

    fn choose(&mut self, asked: &[Asked], mark: &Mark) -> Option<Chosen> {
        let index = match asked {
            [_] => 0,
            _ => self.best(asked)?.2,
        };
        let placed = self.fleet.place(&asked[index].ask).ok()?;
        let known = self.known(placed.place.machine);
        let (machine_id, pool) = (known.machine.id, known.pool.as_ref()?.id);
        let (relied, changes) = self.relied(placed.vm, mark);
        Some(Chosen {
            machine_id,
            storage_pool_id: pool,
            alternatives: Vec::new(),
            network_id: asked[index].network,
            relied,
            restarts: self.restarts(self.fleet.vms[placed.vm.index()].backups),
            changes,
        })
    }

    /// The machines that `vm` and everything that has got another backup since the mark are on, were
    /// to be restarted on, or are now. Whether there is room beside what is kept is known for each
    /// machine from what it holds and what would be restarted on it alone, so these are all.
    pub(super) fn relied(
        &self,
        vm: VmNumber,
        mark: &Mark,
    ) -> (Option<Vec<(MachineId, i64)>>, Vec<RestartChange>) {
        let Some(held) = &self.facts.reservations else {
            return (None, Vec::new());
        };
        let mut machines = BTreeSet::new();
        machines.extend(self.fleet.place_of(vm).map(|place| place.machine));
        machines.extend(self.fleet.backups_of(vm).map(|place| place.machine));
        let mut changes = Vec::new();
        for (other, before) in self.fleet.backups_before(mark) {
            let after = self.fleet.vms[other.index()].backups;
            let places = before.iter().chain(&after).flatten();
            machines.extend(places.map(|place| place.machine));
            if other == vm || before == after {
                continue;
            }
            changes.push(RestartChange {
                reservation_id: held[other.index()].reservation.id,
                before: held[other.index()].restarts,
                after: self.restarts(after),
            });
        }
        let version = |machine| {
            let known = self.known(machine);
            (known.machine.id, known.version)
        };
        (Some(machines.into_iter().map(version).collect()), changes)
    }

    /// Every machine with its verdict.
    fn explanation(&mut self, asked: &[Asked]) -> Explanation {
        let mut verdicts = Vec::new();
        for asked in asked {
            let explained = self.fleet.explain(&asked.ask);
            let of_this = self.verdicts(&asked.ask, &explained);
            verdicts = match verdicts.is_empty() {
                true => of_this,
                false => best_of(verdicts, of_this),
            };
        }
        self.explained(verdicts)
    }
}
