//! What is the least that would have to change.

use std::collections::BTreeMap;

use crate::{
    decide::Explained,
    fleet::{Ask, Fleet, MachineNumber},
    rules::{Frame, Refusal},
};

/// One change that would make room: without this rule, or with this much less of the dimension, so
/// many more machines would fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relaxation {
    /// The rule; for `Short` with how much less would have to be asked.
    pub without: Refusal,
    /// How many more machines would fit.
    pub machines: usize,
}

impl Fleet {
    /// Over all machines that one single change would make fit: for each dimension the least that
    /// helps anywhere and the most that helps, and each other rule. The smallest change first: of
    /// amounts the smallest part of what is asked.
    pub fn relax(&mut self, ask: &Ask) -> Vec<Relaxation> {
        let mut rules: BTreeMap<Refusal, usize> = BTreeMap::new();
        let mut amounts: BTreeMap<usize, Vec<(i64, MachineNumber)>> = BTreeMap::new();
        {
            let frame = Frame::new(self, ask, None);
            for machine in self.machines() {
                match self.only_refusal(&frame, machine) {
                    Some(Refusal::Short { dimension, missing }) => {
                        amounts
                            .entry(dimension)
                            .or_default()
                            .push((missing, machine));
                    }
                    // What the provider does with a machine is no advice to who asks.
                    Some(Refusal::State(_)) | None => {}
                    Some(refusal) => *rules.entry(refusal).or_default() += 1,
                }
            }
        }
        let is_refused =
            |(_, one): &(MachineNumber, Explained)| matches!(one, Explained::Refused(_));
        let explained = self.machines().zip(self.explain(ask)).filter(is_refused);
        let refused: Vec<MachineNumber> = explained.map(|(machine, _)| machine).collect();
        let mut found: Vec<(i64, Relaxation)> = Vec::new();
        for (dimension, mut machines) in amounts {
            machines.sort_unstable();
            let least = machines[0].0;
            let most = machines[machines.len() - 1].0;
            let size = self.needs[ask.need.index()].sizes[dimension];
            for missing in [least, most]
                .into_iter()
                .take(if least == most { 1 } else { 2 })
            {
                let machines = self.fitting_with_less(ask, dimension, missing, &refused);
                let without = Refusal::Short { dimension, missing };
                let part = crate::fleet::share(missing, size.max(1));
                if machines > 0 {
                    found.push((part, Relaxation { without, machines }));
                }
            }
        }
        let unprotected = self.fitting_unprotected(ask, &refused);
        if unprotected > 0 {
            rules.insert(Refusal::NoRestart, unprotected);
        }
        // A whole rule is more than any amount.
        let rules = rules
            .into_iter()
            .map(|(without, machines)| Relaxation { without, machines });
        found.extend(rules.map(|relaxation| (i64::MAX, relaxation)));
        found.sort_by_key(|(part, one)| (*part, std::cmp::Reverse(one.machines), one.without));
        found
            .into_iter()
            .map(|(_, relaxation)| relaxation)
            .collect()
    }

    /// How many of these machines would fit if it needn't be restarted after a failure.
    fn fitting_unprotected(&mut self, ask: &Ask, machines: &[MachineNumber]) -> usize {
        if !ask.restarts || self.failures() == 0 {
            return 0;
        }
        let ask = Ask {
            restarts: false,
            ..*ask
        };
        let indexes: Vec<usize> = machines.iter().map(|machine| machine.index()).collect();
        let explained = self.explain_some(&ask, indexes.into_iter());
        let fits = |one: &&Explained| matches!(one, Explained::Fits { .. });
        explained.iter().filter(fits).count()
    }

    /// What refuses the machine, if it is one thing only.
    fn only_refusal(&self, frame: &Frame<'_>, machine: MachineNumber) -> Option<Refusal> {
        let is_room =
            |refusal: &Refusal| matches!(refusal, Refusal::Short { .. } | Refusal::Kept { .. });
        let mut others = frame
            .refusals(self, machine)
            .filter(|refusal| !is_room(refusal));
        let other = others.next();
        // Something that is short of a dimension is short of it on the NUMA nodes too.
        let other = other.filter(|refusal| !matches!(refusal, Refusal::Nodes { .. }));
        if others.next().is_some() {
            return None;
        }
        let room = &self.rooms[machine.index()].whole;
        let sizes = &frame.need.sizes;
        let missing = |dimension: &usize| sizes[*dimension] - room[*dimension];
        let is_short = |dimension: &usize| sizes[*dimension] > 0 && missing(dimension) > 0;
        let mut short = (0..self.dimensions.len()).filter(is_short);
        match (other, short.next(), short.next()) {
            (None, Some(dimension), None) => {
                let missing = missing(&dimension);
                let is_some_left = missing < sizes[dimension];
                is_some_left.then_some(Refusal::Short { dimension, missing })
            }
            (Some(other), None, _) => Some(other),
            _ => None,
        }
    }

    /// How many of these machines would really fit.
    fn fitting_with_less(
        &mut self,
        ask: &Ask,
        dimension: usize,
        less: i64,
        machines: &[MachineNumber],
    ) -> usize {
        let mut need = self.needs[ask.need.index()].clone();
        need.sizes[dimension] -= less;
        let mut ask = *ask;
        let count = self.needs.len();
        // Interned for the time of the question.
        let known = self.need_numbers.get(&need).copied();
        ask.need = known.unwrap_or(crate::fleet::NeedNumber::at(count));
        if known.is_none() {
            self.need_push(need);
        }
        let company = self.company(&ask);
        let (mut fitting, mut tried) = (0, Vec::new());
        {
            let frame = Frame::new(self, &ask, None);
            let mut near = None;
            for machine in machines {
                let Some(place) = frame.room(self, *machine) else {
                    continue;
                };
                if frame.refusals(self, *machine).next().is_some() {
                    continue;
                }
                if company.is_touched(self, *machine) {
                    tried.push(place);
                } else {
                    fitting += usize::from(self.is_restartable(&frame, *machine, &mut near));
                }
            }
        }
        for place in tried {
            fitting += usize::from(self.settle_refusal(&ask, place).is_none());
        }
        self.needs.truncate(count);
        self.need_classes.truncate(count);
        fitting
    }
}
