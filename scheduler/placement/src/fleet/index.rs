//! What a scan can leave out: for each run of machines in order, the most that any of them has of
//! each dimension, and the least that any would keep empty. Exact: it is kept with every change.

use super::{DIMENSIONS, Fleet, Machine, MachineNumber, Sizes, State};

/// How many machines one entry stands for.
pub(crate) const BLOCK: usize = 32;
/// In place of a class: takes nothing new.
pub(crate) const CLOSED: u32 = u32::MAX;
/// One whole, as a share.
pub(crate) const WHOLE: i64 = 1 << 20;

/// Some machines in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// The most room of each, over those that take something.
    pub(crate) room: Sizes,
    /// The least of `Fleet::fills` of them.
    pub(crate) fill: i64,
}

impl Block {
    const EMPTY: Self = Self {
        room: [i64::MIN; DIMENSIONS],
        fill: i64::MAX,
    };
}

impl Fleet {
    /// After what a machine has free, or its state, changed.
    pub(crate) fn index_keep(&mut self, machine: MachineNumber) {
        let number = machine.index() / BLOCK;
        if self.blocks.len() <= number {
            self.blocks.resize(number + 1, Block::EMPTY);
        }
        self.block_keep(number);
        self.changes.note(machine);
    }

    pub(crate) fn blocks_keep(&mut self) {
        for number in 0..self.blocks.len() {
            self.block_keep(number);
        }
    }

    fn block_keep(&mut self, number: usize) {
        let mut block = Block::EMPTY;
        let first = number * BLOCK;
        for index in first..(first + BLOCK).min(self.machines.len()) {
            if self.gates[index] == CLOSED {
                continue;
            }
            for (most, room) in block.room.iter_mut().zip(self.rooms[index].whole) {
                *most = (*most).max(room);
            }
            block.fill = block.fill.min(self.fills[index]);
        }
        self.blocks[number] = block;
    }

    /// The same, if it had this much before: what wasn't the most of its block, and isn't now, changes
    /// nothing.
    pub(crate) fn index_change(&mut self, machine: MachineNumber, had: &Sizes, fill: i64) {
        let index = machine.index();
        self.changes.note(machine);
        if self.gates[index] == CLOSED {
            return;
        }
        let (room, block) = (&self.rooms[index].whole, &mut self.blocks[index / BLOCK]);
        let mut is_led = fill == block.fill && self.fills[index] > fill;
        block.fill = block.fill.min(self.fills[index]);
        for lane in 0..DIMENSIONS {
            is_led |= (had[lane] == block.room[lane]) & (room[lane] < had[lane]);
            block.room[lane] = block.room[lane].max(room[lane]);
        }
        if is_led {
            self.block_keep(index / BLOCK);
        }
    }

    /// What is unsold of all that a machine has, as the sum of the shares of its dimensions.
    pub(crate) fn unsold_keep(&mut self, machine: MachineNumber) {
        let index = machine.index();
        let limit = &self.kind_of(machine).limit.whole;
        let used = &self.used[index].whole;
        let mut shares = [0; DIMENSIONS];
        for lane in (0..DIMENSIONS).filter(|lane| limit[*lane] > 0) {
            shares[lane] = share(limit[lane] - used[lane], limit[lane]);
        }
        let sum = shares[..self.dimensions.len()].iter().sum();
        self.shares[index] = shares;
        self.unsold[index] = sum;
        self.fills[index] = sum - self.standing(machine);
    }

    /// A machine that has the same limits, nodes and images, and is read so often that it is near.
    #[inline]
    pub(crate) fn kind_of(&self, machine: MachineNumber) -> &Machine {
        let kind = self.kinds[machine.index()];
        &self.machines[self.kind_machines[kind as usize].index()]
    }

    pub(crate) fn gate_keep(&mut self, machine: MachineNumber) {
        let of = &self.machines[machine.index()];
        let is_open = self.states[machine.index()] == State::Active;
        self.gates[machine.index()] = if is_open { of.class.0 } else { CLOSED };
        self.index_keep(machine);
    }
}

/// In parts of `WHOLE`, which is more than a million.
#[inline]
pub(crate) fn share(part: i64, whole: i64) -> i64 {
    if whole < 1 << 42 {
        // Fits, since a part is rarely more than the whole; a machine that is overfull beyond that
        // counts as full.
        return part.clamp(-whole, whole) * WHOLE / whole;
    }
    let (part, whole) = (part >> 20, whole >> 20);
    part.clamp(-whole, whole) * WHOLE / whole
}

/// With how many more bits the inverse of a limit is kept.
const FINER: u32 = 43;

/// What `share_by` multiplies with, since many machines are asked about one need and divisions are slow.
pub(crate) fn inverse(limit: i64) -> i64 {
    if limit > 0 { i64::MAX / limit } else { 0 }
}

/// The share of something that fits, by the inverse of the limit.
#[inline]
pub(crate) fn share_by(part: i64, inverse: i64) -> i64 {
    let product = i128::from(part) * i128::from(inverse);
    i64::try_from(product >> FINER).unwrap_or(WHOLE)
}
