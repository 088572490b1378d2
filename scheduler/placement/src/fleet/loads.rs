//! What each failure would bring to one machine, and the worst of it.

use super::amounts::Amounts;

/// By failure domain, as the leaves of a tree in which every node is the greatest of its two: one
/// change costs as many steps as the tree is high.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loads {
    /// Domains in order, with their leaf.
    leaves: Vec<(u32, u32)>,
    /// The root is 1, the leaves begin in the middle.
    tree: Vec<Amounts>,
}

impl Loads {
    pub(crate) fn of(&self, domain: u32) -> Amounts {
        let found = self.leaves.binary_search_by_key(&domain, |leaf| leaf.0);
        found.map_or(Amounts::default(), |at| self.tree[self.leaf(at)])
    }

    fn leaf(&self, at: usize) -> usize {
        self.tree.len() / 2 + self.leaves[at].1 as usize
    }

    pub(crate) fn give(&mut self, domain: u32, amounts: &Amounts) {
        let at = match self.leaves.binary_search_by_key(&domain, |leaf| leaf.0) {
            Ok(at) => at,
            Err(at) => {
                let next = self.leaves.len();
                self.grow(next + 1);
                self.leaves
                    .insert(at, (domain, u32::try_from(next).unwrap_or(u32::MAX)));
                at
            }
        };
        let leaf = self.leaf(at);
        self.tree[leaf].add(amounts);
        self.keep(leaf);
    }

    pub(crate) fn take(&mut self, domain: u32, amounts: &Amounts) {
        if let Ok(at) = self.leaves.binary_search_by_key(&domain, |leaf| leaf.0) {
            let leaf = self.leaf(at);
            self.tree[leaf].subtract(amounts);
            self.keep(leaf);
        }
    }

    fn keep(&mut self, leaf: usize) {
        let mut node = leaf / 2;
        while node > 0 {
            let mut most = self.tree[node * 2];
            most.raise(&self.tree[node * 2 + 1]);
            if self.tree[node] == most {
                break;
            }
            self.tree[node] = most;
            node /= 2;
        }
    }

    fn grow(&mut self, wanted: usize) {
        let half = self.tree.len() / 2;
        if wanted <= half {
            return;
        }
        let larger = wanted.next_power_of_two();
        let mut tree = vec![Amounts::default(); larger * 2];
        tree[larger..larger + half].copy_from_slice(&self.tree[half..]);
        for node in (1..larger).rev() {
            let mut most = tree[node * 2];
            most.raise(&tree[node * 2 + 1]);
            tree[node] = most;
        }
        self.tree = tree;
    }

    /// The greatest of each dimension.
    pub(crate) fn most(&self) -> Amounts {
        self.tree.get(1).copied().unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Amounts)> {
        (0..self.leaves.len()).map(|at| (self.leaves[at].0, self.tree[self.leaf(at)]))
    }

    pub(crate) fn clear(&mut self) {
        self.leaves.clear();
        self.tree.clear();
    }
}
