//! Programs compiled into a tree, once per policy.

use super::{MAX_EDGES, MAX_LEAVES, MAX_TEXTS};
use crate::catalogue::{Extract, MAX_DEPTH, Program, Read, Slot, Step, Variant};

/// A compiled [`Program`].
#[derive(Debug, Default)]
pub struct Plan {
    /// A limit of this module was exceeded.
    left_out: bool,
    pub(super) nodes: Vec<Node>,
    pub(super) leaves: Vec<Leaf>,
    /// Leaves of [`Read::Varints`], one bit each.
    pub(super) counted: u32,
    variants: Vec<Choice>,
    wants_model: bool,
}

/// A message type, as far as it is of interest; node 0 is the message itself.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Bit n: field n (below 64) has an edge. Most fields are dismissed by it.
    mask: u64,
    edges: Vec<Edge>,
    /// For a map entry: what lies behind field 2 under some key.
    pub(super) keyed: Vec<(Box<str>, Edge)>,
}

/// A field of interest.
#[derive(Clone, Debug, Default)]
pub(super) struct Edge {
    field: u32,
    /// Number of the edge in the plan.
    pub(super) id: u8,
    /// The node it leads to.
    pub(super) child: Option<u8>,
    /// Leaves that read it, one bit each.
    pub(super) leaves: u32,
    /// Some of them read packed varints.
    packed: bool,
}

impl Edge {
    /// A length-delimited field need not be looked into beyond its bytes.
    #[inline]
    pub(super) fn is_simple(&self) -> bool {
        self.child.is_none() && !self.packed
    }
}

/// One value to read.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) read: Read,
    /// Where its string goes.
    pub(super) text: u8,
    path: Vec<Step>,
}

/// A compiled [`Variant`].
#[derive(Debug)]
struct Choice {
    any_of: u64,
    none_of: u64,
    slots: Vec<(Slot, u8)>,
}

impl Plan {
    /// Compiles a program. What exceeds a limit of this module is left out.
    pub fn compile(program: &Program) -> Plan {
        let mut plan = Plan::default();
        plan.nodes.push(Node::default());
        let mut edges = 0;
        for variant in &program.variants {
            let choice = plan.choice(variant, &mut edges);
            plan.variants.push(choice);
        }
        let slots = plan.variants.iter().flat_map(|v| &v.slots);
        plan.wants_model = slots.into_iter().any(|(slot, _)| *slot == Slot::Model);
        plan
    }

    /// Nothing was left out.
    pub fn is_complete(&self) -> bool {
        !self.left_out
    }

    /// There is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Some variant names the model.
    pub fn wants_model(&self) -> bool {
        self.wants_model
    }

    /// Slots and leaves of the first variant that suits a message with these top-level fields.
    pub(super) fn choose(&self, fields: u64) -> &[(Slot, u8)] {
        let suits = |v: &&Choice| (v.any_of == 0 || fields & v.any_of != 0) && fields & v.none_of == 0;
        self.variants.iter().find(suits).map_or(&[], |v| &v.slots)
    }

    fn choice(&mut self, variant: &Variant, edges: &mut usize) -> Choice {
        let mut slots = Vec::new();
        for extract in &variant.extracts {
            match self.leaf(extract, edges) {
                Some(leaf) => slots.push((extract.slot, leaf)),
                None => self.left_out = true,
            }
        }
        Choice { any_of: variant.any_of, none_of: variant.none_of, slots }
    }

    /// The leaf for an extract; variants that read the same thing share it.
    fn leaf(&mut self, extract: &Extract, edges: &mut usize) -> Option<u8> {
        let same = |l: &Leaf| l.read == extract.read && l.path == extract.path;
        if let Some(found) = self.leaves.iter().position(same) {
            return Some(found as u8);
        }
        let texts = self.leaves.iter().filter(|l| l.read == Read::String).count();
        let text_full = extract.read == Read::String && texts == MAX_TEXTS;
        // A map step takes two edges: the entry, and the value under its key.
        let new_edges: usize = extract.path.iter().map(|s| 1 + usize::from(s.map_key.is_some())).sum();
        let too_deep = extract.path.is_empty() || new_edges > MAX_DEPTH;
        if self.leaves.len() == MAX_LEAVES || text_full || too_deep || *edges + new_edges > MAX_EDGES {
            return None;
        }
        let leaf = self.leaves.len() as u8;
        self.leaves.push(Leaf { read: extract.read, text: texts as u8, path: extract.path.clone() });
        if extract.read == Read::Varints {
            self.counted |= 1 << leaf;
        }
        self.grow(&extract.path, leaf, edges);
        Some(leaf)
    }

    /// Adds the edges of a path that ends in `leaf`.
    fn grow(&mut self, path: &[Step], leaf: u8, edges: &mut usize) {
        let mut node = 0;
        for (at, step) in path.iter().enumerate() {
            let last = at + 1 == path.len();
            let mut place = Place::Field(step.field);
            if let Some(key) = &step.map_key {
                node = self.descend(node, &place, edges);
                place = Place::Key(key);
            }
            if last {
                let read = self.leaves[usize::from(leaf)].read;
                let edge = self.edge(node, &place, edges);
                edge.leaves |= 1 << leaf;
                edge.packed |= matches!(read, Read::VarintAt(_) | Read::Varints);
            } else {
                node = self.descend(node, &place, edges);
            }
        }
    }

    fn descend(&mut self, node: u8, place: &Place<'_>, edges: &mut usize) -> u8 {
        let new = self.nodes.len() as u8;
        let edge = self.edge(node, place, edges);
        let child = *edge.child.get_or_insert(new);
        if child == new {
            self.nodes.push(Node::default());
        }
        child
    }

    fn edge(&mut self, node: u8, place: &Place<'_>, edges: &mut usize) -> &mut Edge {
        let node = &mut self.nodes[usize::from(node)];
        let fresh = Edge { id: *edges as u8, ..Edge::default() };
        match place {
            Place::Field(field) => {
                let at = node.edges.iter().position(|e| e.field == *field).unwrap_or_else(|| {
                    *edges += 1;
                    node.edges.push(Edge { field: *field, ..fresh });
                    node.edges.len() - 1
                });
                node.mask |= 1u64.checked_shl(*field).unwrap_or(0);
                &mut node.edges[at]
            }
            Place::Key(key) => {
                let at = node.keyed.iter().position(|(k, _)| **k == **key).unwrap_or_else(|| {
                    *edges += 1;
                    node.keyed.push(((*key).into(), Edge { field: 2, ..fresh }));
                    node.keyed.len() - 1
                });
                &mut node.keyed[at].1
            }
        }
    }
}

/// Where an edge starts: at a field, or at the value of a map entry with this key.
enum Place<'a> {
    Field(u32),
    Key(&'a str),
}

impl Node {
    /// It is an entry of a map of which some keys are of interest.
    #[inline]
    pub(super) fn has_keys(&self) -> bool {
        !self.keyed.is_empty()
    }

    /// The edge of a field.
    #[inline]
    pub(super) fn edge(&self, field: u32) -> Option<&Edge> {
        if field < 64 && self.mask >> field & 1 == 0 {
            return None;
        }
        self.edges.iter().find(|e| e.field == field)
    }
}
