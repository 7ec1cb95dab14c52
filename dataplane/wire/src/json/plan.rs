//! Extracts compiled into a tree, once per policy.

use super::MAX_KEY_BYTES;
use super::scan::layout::Layouts;
use crate::catalogue::{JsonExtract, JsonRead, JsonStep, MAX_DEPTH, Read, Slot};
use crate::field::{Leaf, MAX_LEAVES, MAX_LISTS, MAX_TEXTS, Sources};
use std::cell::RefCell;

/// Compiled extracts.
#[derive(Debug)]
pub struct Plan {
    /// A limit of this module was exceeded.
    left_out: bool,
    nodes: Vec<Node>,
    /// The first is where to begin.
    edges: Vec<Edge>,
    pub(super) reads: Vec<JsonRead>,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) sources: Sources,
    wants: u32,
    /// Texts of [`Slot::Final`]: a document that says one of them is the last.
    marks: Vec<Box<[u8]>>,
    /// What documents looked like that were read along it, if it reads any of a stream.
    pub(super) layouts: RefCell<Option<Box<Layouts>>>,
}

/// A container of interest: places in [`Plan::edges`].
#[derive(Debug, Default)]
struct Node {
    keys: Vec<(Box<[u8]>, usize)>,
    /// Single elements, by their place in an array.
    items: Vec<(u32, usize)>,
    /// Each element that is not among them.
    each: Option<usize>,
}

/// What is wanted of a value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Edge {
    /// The node it leads to, should it be a container.
    pub(super) child: Option<u8>,
    /// Leaves that read it, one bit each.
    pub(super) leaves: u32,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan::compile(&[])
    }
}

impl Plan {
    /// Compiles extracts. What exceeds a limit is left out.
    pub fn compile(extracts: &[JsonExtract]) -> Plan {
        let mut plan = Plan {
            left_out: false,
            nodes: Vec::new(),
            edges: vec![Edge::default()],
            reads: Vec::new(),
            leaves: Vec::new(),
            sources: Sources::default(),
            wants: 0,
            marks: Vec::new(),
            layouts: RefCell::default(),
        };
        let mut slots = Vec::new();
        for extract in extracts {
            match plan.leaf(extract) {
                Some(leaf) => slots.push((extract.slot, leaf)),
                None => plan.left_out = true,
            }
            plan.wants |= 1 << extract.slot as u32;
            plan.marks.extend(extract.texts.iter().map(|text| text.as_bytes().into()));
        }
        plan.sources = Sources::new(slots);
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

    /// Some extract is for this slot.
    #[inline]
    pub fn wants(&self, slot: Slot) -> bool {
        self.wants >> slot as u32 & 1 != 0
    }

    /// What [`Slot::Final`] may say to mean it, where it is read as a string.
    #[inline]
    pub fn marks(&self) -> &[Box<[u8]>] {
        &self.marks
    }

    fn leaf(&mut self, extract: &JsonExtract) -> Option<u8> {
        let (texts, lists) = Leaf::rooms(&self.leaves);
        let (room, full) = match extract.read {
            JsonRead::String | JsonRead::Beginning => (texts, texts == MAX_TEXTS),
            JsonRead::Dimensions => (lists, lists == MAX_LISTS),
            _ => (0, false),
        };
        let too_long = extract.path.iter().any(|step| matches!(step, JsonStep::Key(key) if key.len() > MAX_KEY_BYTES));
        if self.leaves.len() == MAX_LEAVES || full || too_long || extract.path.len() > MAX_DEPTH {
            return None;
        }
        let leaf = self.leaves.len() as u8;
        let read = match extract.read {
            JsonRead::String => Read::String,
            JsonRead::Beginning => Read::Beginning,
            JsonRead::Int => Read::Int,
            JsonRead::Present => Read::Present,
            JsonRead::Items | JsonRead::Prompts => Read::Count,
            JsonRead::Dimensions => Read::Dimensions,
        };
        self.leaves.push(Leaf { read, text: room as u8 });
        self.reads.push(extract.read);
        let end = extract.path.iter().fold(0, |edge, step| self.grow(edge, step));
        self.edges[end].leaves |= 1 << leaf;
        Some(leaf)
    }

    /// The edge one step further, made if need be.
    fn grow(&mut self, edge: usize, step: &JsonStep) -> usize {
        let new = self.nodes.len();
        let node = usize::from(*self.edges[edge].child.get_or_insert(new as u8));
        if node == new {
            self.nodes.push(Node::default());
        }
        let new = self.edges.len();
        let node = &mut self.nodes[node];
        let next = match step {
            JsonStep::Key(key) => found_or_new(&mut node.keys, key.as_bytes().into(), new),
            JsonStep::Item(n) => found_or_new(&mut node.items, *n, new),
            JsonStep::Each => *node.each.get_or_insert(new),
        };
        if next == new {
            self.edges.push(Edge::default());
        }
        next
    }

    /// What is wanted of the document itself.
    #[inline]
    pub(super) fn root(&self) -> Edge {
        self.edges[0]
    }

    /// The edge of a key.
    #[inline]
    pub(super) fn key(&self, node: u8, key: &[u8]) -> Edge {
        let keys = &self.nodes[usize::from(node)].keys;
        keys.iter().find(|(name, _)| **name == *key).map(|(_, edge)| self.edges[*edge]).unwrap_or_default()
    }

    /// The edge of an element.
    #[inline]
    pub(super) fn item(&self, node: u8, n: u32) -> Edge {
        let node = &self.nodes[usize::from(node)];
        let one = node.items.iter().find(|(at, _)| *at == n).map(|(_, edge)| *edge);
        one.or(node.each).map(|edge| self.edges[edge]).unwrap_or_default()
    }
}

fn found_or_new<K: PartialEq>(places: &mut Vec<(K, usize)>, key: K, new: usize) -> usize {
    let found = places.iter().find(|(known, _)| *known == key).map(|(_, edge)| *edge);
    found.unwrap_or_else(|| {
        places.push((key, new));
        new
    })
}
