//! Programs compiled into a tree, once per policy.

use super::{MAX_EDGES, MAX_LEAVES, MAX_LISTS, MAX_TEXTS, wire};
use crate::catalogue::{Extract, MAX_DEPTH, Program, Read, Slot, Step, Variant};

/// Keys of one byte: fields 1 to 15, which are nearly all (protobuf encoding guide).
const SHORT_KEYS: usize = 128;

/// A compiled [`Program`].
#[derive(Debug, Default)]
pub struct Plan {
    /// A limit of this module was exceeded.
    left_out: bool,
    pub(super) nodes: Vec<Node>,
    pub(super) leaves: Vec<Leaf>,
    /// The path of each leaf, by which one that is asked for again is found.
    paths: Vec<Vec<Step>>,
    /// Leaves of [`Read::Varints`], one bit each.
    pub(super) counted: u32,
    variants: Vec<Choice>,
    wants_model: bool,
    wants_output: bool,
    wants_batch_limit: bool,
}

/// A message type, as far as it is of interest; node 0 is the message itself.
#[derive(Debug)]
pub(super) struct Node {
    /// What to do at each key of one byte.
    pub(super) acts: [Act; SHORT_KEYS],
    /// Bit n: field n (below 64) has an edge. Most fields are dismissed by it.
    mask: u64,
    edges: Vec<Edge>,
    /// For a map entry: what lies behind field 2 under some key.
    pub(super) keyed: Vec<(Box<str>, Edge)>,
}

/// What to do with a field whose length or number takes at most two bytes, and that is wholly at hand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// Look at it byte by byte.
    Slow,
    /// Nobody wants this number.
    PassNumber,
    /// Nobody wants these bytes.
    PassBytes,
    /// Go down into the message.
    Enter { child: u8, edge: u8 },
    /// A leaf is this string.
    Text { leaf: u8, text: u8 },
    /// The same, where all of its parents are the first.
    FirstText { leaf: u8, text: u8 },
    /// A leaf is these packed varints, where all of its parents are the first.
    Dimensions { leaf: u8, list: u8 },
    /// A leaf is this number.
    Int(u8),
    /// A leaf is there, if the bytes are not empty.
    Present(u8),
    /// A leaf is the first of these packed varints.
    First(u8),
    /// A leaf is how many packed varints there are.
    Elements(u8),
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
    /// Leaves that have an element for each message here, one bit each.
    pub(super) opens: u32,
}

/// One value to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    pub(crate) read: Read,
    /// Where its string goes, or its dimensions.
    pub(crate) text: u8,
}

/// A compiled [`Variant`].
#[derive(Debug)]
struct Choice {
    any_of: u64,
    none_of: u64,
    sources: Sources,
}

/// Which leaves to ask for a slot, in order of preference.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    leaves: [Vec<u8>; Slot::COUNT],
    /// The same, one bit each.
    sets: [u32; Slot::COUNT],
}

/// Where an edge starts: at a field, or at the value of a map entry with this key.
enum Place<'a> {
    Field(u32),
    Key(&'a str),
}

impl Default for Node {
    fn default() -> Node {
        Node { acts: std::array::from_fn(pass), mask: 0, edges: Vec::new(), keyed: Vec::new() }
    }
}

/// What to do with a field nobody wants.
fn pass(key: usize) -> Act {
    match (key >> 3, (key & 7) as u8) {
        (0, _) => Act::Slow,
        (_, wire::VARINT) => Act::PassNumber,
        (_, wire::BYTES) => Act::PassBytes,
        _ => Act::Slow,
    }
}

impl Edge {
    /// What to do with a short field, where that is simple.
    fn acts(&self, leaves: &[Leaf]) -> [(u8, Act); 2] {
        let leaf = self.leaves.trailing_zeros() as u8;
        let only = leaves.get(usize::from(leaf)).filter(|_| self.leaves.count_ones() == 1);
        let (number, bytes) = match (self.child, only.map(|leaf| leaf.read)) {
            (Some(child), None) if self.leaves | self.opens == 0 => {
                (Act::PassNumber, Act::Enter { child, edge: self.id })
            }
            (None, Some(Read::String)) => {
                let text = leaves[usize::from(leaf)].text;
                (Act::PassNumber, Act::Text { leaf, text })
            }
            (None, Some(Read::FirstString)) => {
                let text = leaves[usize::from(leaf)].text;
                (Act::PassNumber, Act::FirstText { leaf, text })
            }
            (None, Some(Read::Dimensions)) => {
                let list = leaves[usize::from(leaf)].text;
                (Act::Slow, Act::Dimensions { leaf, list })
            }
            (None, Some(Read::Int)) => (Act::Int(leaf), Act::PassBytes),
            (None, Some(Read::Present)) => (Act::Slow, Act::Present(leaf)),
            (None, Some(Read::VarintAt(0))) => (Act::Slow, Act::First(leaf)),
            (None, Some(Read::Varints)) => (Act::Slow, Act::Elements(leaf)),
            _ => (Act::Slow, Act::Slow),
        };
        [(wire::VARINT, number), (wire::BYTES, bytes)]
    }
}

impl Leaf {
    /// How many of these hold strings, and how many dimensions.
    pub(crate) fn rooms(leaves: &[Leaf]) -> (usize, usize) {
        let held = |kinds: &[Read]| leaves.iter().filter(|leaf| kinds.contains(&leaf.read)).count();
        let texts = [Read::String, Read::FirstString, Read::Beginning];
        (held(&texts), held(&[Read::Dimensions, Read::DimensionOfEach]))
    }
}

impl Sources {
    pub(crate) fn new(slots: Vec<(Slot, u8)>) -> Sources {
        let mut sources = Sources::default();
        for (slot, leaf) in slots {
            sources.leaves[slot as usize].push(leaf);
            sources.sets[slot as usize] |= 1 << leaf;
        }
        sources
    }

    #[inline]
    pub(crate) fn of(&self, slot: Slot) -> &[u8] {
        &self.leaves[slot as usize]
    }

    /// The leaves of all slots, one bit each.
    pub(super) fn all(&self) -> u32 {
        self.sets.iter().fold(0, |all, set| all | set)
    }

    /// How many slots ask this leaf.
    pub(super) fn uses(&self, leaf: u8) -> usize {
        self.sets.iter().filter(|&set| set >> leaf & 1 != 0).count()
    }

    /// Some leaf of the slot is among these.
    #[inline]
    pub(super) fn any_of(&self, slot: Slot, leaves: u32) -> bool {
        self.sets[slot as usize] & leaves != 0
    }
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
        let wants = |slot| plan.variants.iter().any(|v| !v.sources.of(slot).is_empty());
        (plan.wants_model, plan.wants_output) = (wants(Slot::Model), wants(Slot::Output));
        plan.wants_batch_limit = wants(Slot::MaxBatchSize);
        for node in &mut plan.nodes {
            for edge in &node.edges {
                for (kind, act) in edge.acts(&plan.leaves) {
                    if let Some(place) = node.acts.get_mut((edge.field as usize) << 3 | usize::from(kind)) {
                        *place = act;
                    }
                }
            }
        }
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

    /// Some variant tells output from the rest.
    pub fn wants_output(&self) -> bool {
        self.wants_output
    }

    /// Some variant tells how large a batch the model takes.
    pub fn wants_batch_limit(&self) -> bool {
        self.wants_batch_limit
    }

    /// The first variant that suits a message with these top-level fields.
    #[inline]
    pub(super) fn choose(&self, fields: u64) -> Option<&Sources> {
        let suits = |v: &&Choice| (v.any_of == 0 || fields & v.any_of != 0) && fields & v.none_of == 0;
        self.variants.iter().find(suits).map(|v| &v.sources)
    }

    fn choice(&mut self, variant: &Variant, edges: &mut usize) -> Choice {
        let mut slots = Vec::new();
        for extract in &variant.extracts {
            match self.leaf(extract, edges) {
                Some(leaf) => slots.push((extract.slot, leaf)),
                None => self.left_out = true,
            }
        }
        Choice { any_of: variant.any_of, none_of: variant.none_of, sources: Sources::new(slots) }
    }

    /// The leaf for an extract; variants that read the same thing share it.
    fn leaf(&mut self, extract: &Extract, edges: &mut usize) -> Option<u8> {
        let same = |(leaf, path): (&Leaf, &Vec<Step>)| leaf.read == extract.read && *path == extract.path;
        if let Some(found) = self.leaves.iter().zip(&self.paths).position(same) {
            return Some(found as u8);
        }
        let (texts, lists) = Leaf::rooms(&self.leaves);
        let (room, full) = match extract.read {
            Read::String | Read::FirstString | Read::Beginning => (texts, texts == MAX_TEXTS),
            Read::Dimensions | Read::DimensionOfEach => (lists, lists == MAX_LISTS),
            _ => (0, false),
        };
        let no_message = extract.read == Read::DimensionOfEach && extract.path.len() < 2;
        // A map step takes two edges: the entry, and the value under its key.
        let new_edges: usize = extract.path.iter().map(|s| 1 + usize::from(s.map_key.is_some())).sum();
        let no_path = extract.path.is_empty() || no_message || new_edges > MAX_DEPTH;
        if self.leaves.len() == MAX_LEAVES || full || no_path || *edges + new_edges > MAX_EDGES {
            return None;
        }
        let leaf = self.leaves.len() as u8;
        self.leaves.push(Leaf { read: extract.read, text: room as u8 });
        self.paths.push(extract.path.clone());
        if extract.read == Read::Varints {
            self.counted |= 1 << leaf;
        }
        self.grow(extract, leaf, edges);
        Some(leaf)
    }

    /// Adds the edges of the path of an extract, which ends in `leaf`.
    fn grow(&mut self, extract: &Extract, leaf: u8, edges: &mut usize) {
        let path = &extract.path;
        let mut node = 0;
        for (at, step) in path.iter().enumerate() {
            let last = at + 1 == path.len();
            let mut place = Place::Field(step.field);
            if let Some(key) = &step.map_key {
                node = self.descend(node, &place, edges);
                place = Place::Key(key);
            }
            if last {
                self.edge(node, &place, edges).leaves |= 1 << leaf;
            } else {
                if extract.read == Read::DimensionOfEach && at + 2 == path.len() {
                    self.edge(node, &place, edges).opens |= 1 << leaf;
                }
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
