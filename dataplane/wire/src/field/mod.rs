//! A few fields of a protobuf message, read while it passes.
//!
//! [`Plan`] is a [`crate::catalogue::Program`] compiled into a tree of field numbers; [`Walk`] goes through a
//! message along it, in any chunking. Everything the plan does not name is skipped by length. Anything
//! malformed makes the (sub)message it is in end early: what was read before stands, the rest is absent.

pub mod plan;
pub mod walk;

#[cfg(test)]
mod encode;
mod template;
mod values;

pub use plan::Plan;
pub(crate) use plan::{Leaf, Sources};
pub(crate) use template::Template;
pub use values::{Extracted, Found};
pub(crate) use values::{Values, bits};
pub use walk::Walk;

/// Different values one program may read; more are ignored. The largest known program reads twelve.
pub const MAX_LEAVES: usize = 32;

/// Different strings among them: model, version and request id of two forms, and two to spare.
pub const MAX_TEXTS: usize = 8;

/// Different dimensions among them: those of one input, in two forms.
pub const MAX_LISTS: usize = 2;

/// Edges of the tree that lead deeper; more are ignored. One bit each in [`Walk`].
pub const MAX_EDGES: usize = 64;

/// Protobuf wire types.
mod wire {
    pub const VARINT: u8 = 0;
    pub const FIXED64: u8 = 1;
    pub const BYTES: u8 = 2;
    pub const GROUP_BEGIN: u8 = 3;
    pub const GROUP_END: u8 = 4;
    pub const FIXED32: u8 = 5;
}
