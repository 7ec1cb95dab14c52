//! What is told of a tensor: the type of its elements and its dimensions. What is in it is never looked at.

use std::fmt;

/// Dimensions of a tensor; one with more has no shape here. TensorRT takes no more (`nvinfer1::Dims::MAX_DIMS`).
pub const MAX_DIMENSIONS: usize = 8;
/// Longest name of an element type; a longer one is none. `UINT64` has six letters, `FP8_E4M3` eight.
const MAX_DATATYPE_BYTES: usize = 8;
/// Beyond this a varint is looked at byte by byte: 28 bits and seven more hold every size.
const MAX_SHORT_SHIFT: u32 = 28;

/// Sizes along each dimension, outermost first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    len: u8,
    /// Zeros behind the last.
    sizes: [u32; MAX_DIMENSIONS],
}

/// The element type and the dimensions of a tensor, or as much of that as is known: `FP32[1,3,224,224]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Zeros behind it; all zeros where it is not known.
    datatype: [u8; MAX_DATATYPE_BYTES],
    dimensions: Dimensions,
    /// The first dimension is a batch, of which the size is left out.
    any_batch: bool,
}

impl Dimensions {
    /// Of these sizes, unless they are too many.
    pub fn of(sizes: &[u32]) -> Option<Dimensions> {
        let mut dimensions = Dimensions::default();
        sizes.iter().all(|&size| dimensions.push(size.into())).then_some(dimensions)
    }

    /// Adds one. False where there is no room for it, or it is no size: negative, or above four thousand million.
    pub(crate) fn push(&mut self, size: u64) -> bool {
        let (Ok(size), Some(place)) = (u32::try_from(size), self.sizes.get_mut(usize::from(self.len))) else {
            return false;
        };
        *place = size;
        self.len += 1;
        true
    }

    /// Changes the last one. False where there is none, or it is no size.
    pub(crate) fn amend(&mut self, size: u64) -> bool {
        let last = usize::from(self.len).checked_sub(1).and_then(|last| self.sizes.get_mut(last));
        let (Ok(size), Some(place)) = (u32::try_from(size), last) else { return false };
        *place = size;
        true
    }

    /// Adds these packed varints. False where they are not whole, usual and sizes; then some may have been added.
    #[inline]
    pub(crate) fn push_packed(&mut self, packed: &[u8]) -> bool {
        let (mut size, mut shift) = (0, 0);
        for &byte in packed {
            size |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                if !self.push(size) {
                    return false;
                }
                (size, shift) = (0, 0);
            } else if shift == MAX_SHORT_SHIFT {
                return false;
            } else {
                shift += 7;
            }
        }
        shift == 0
    }

    /// The sizes.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes[..usize::from(self.len)]
    }
}

impl Shape {
    /// Of dimensions, and the name of an element type where there is one: letters, digits and `_`.
    pub fn new(dimensions: &Dimensions, datatype: Option<&[u8]>) -> Shape {
        let mut shape = Shape { dimensions: *dimensions, ..Shape::default() };
        let is_word = |name: &&[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if let Some(name) = datatype.filter(is_word) {
            if let Some(place) = shape.datatype.get_mut(..name.len()) {
                place.copy_from_slice(name);
            }
        }
        shape
    }

    /// There is one.
    #[inline]
    pub fn is_known(&self) -> bool {
        self.dimensions.len > 0
    }

    /// The size along the first dimension; 0 where there is none, or it was left out.
    #[inline]
    pub fn first(&self) -> u32 {
        self.dimensions.sizes[0]
    }

    /// The same for batches of any size.
    #[inline]
    #[must_use]
    pub fn of_any_batch(mut self) -> Shape {
        self.any_batch = self.is_known();
        self.dimensions.sizes[0] = 0;
        self
    }
}

/// As servers write it: `FP32[1,3,224,224]`, `[2,16]` without an element type, and -1 for batches of any size, as in the
/// configuration of a model of Triton's.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let datatype = self.datatype.iter().take_while(|byte| **byte != 0);
        datatype.clone().try_for_each(|byte| write!(f, "{}", char::from(*byte)))?;
        for (at, size) in self.dimensions.sizes().iter().enumerate() {
            f.write_str(if at == 0 { "[" } else { "," })?;
            match at == 0 && self.any_batch {
                true => f.write_str("-1")?,
                false => write!(f, "{size}")?,
            }
        }
        f.write_str(if self.is_known() { "]" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sizes: &[u64]) -> Option<Dimensions> {
        let mut dimensions = Dimensions::default();
        sizes.iter().all(|&size| dimensions.push(size)).then_some(dimensions)
    }

    #[test]
    fn what_is_no_size_is_no_shape() {
        assert_eq!(of(&[0, 7, u32::MAX.into()]).unwrap().sizes(), [0, 7, u32::MAX]);
        assert_eq!(of(&[1; MAX_DIMENSIONS]).unwrap().sizes(), [1; MAX_DIMENSIONS]);
        assert_eq!(of(&[1; MAX_DIMENSIONS + 1]), None);
        assert_eq!(of(&[1, 1 << 32]), None);
        assert_eq!(of(&[-1i64 as u64]), None);
    }

    #[test]
    fn packed_varints_are_read_whole_or_not_at_all() {
        let packed = |bytes: &[u8]| {
            let mut dimensions = Dimensions::default();
            dimensions.push_packed(bytes).then(|| dimensions.sizes().to_vec())
        };
        assert_eq!(packed(&[1, 0xe0, 0x01, 0]), Some(vec![1, 224, 0]));
        assert_eq!(packed(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Some(vec![u32::MAX]));
        assert_eq!(packed(&[0xff, 0xff, 0xff, 0xff, 0x1f]), None);
        assert_eq!(packed(&[1, 0x80]), None, "the last one is not whole");
        assert_eq!(packed(&[0x81, 0x80, 0x80, 0x80, 0x80, 0]), None, "longer than it need be");
    }

    #[test]
    fn the_last_dimension_may_be_amended() {
        let mut dimensions = Dimensions::default();
        assert!(!dimensions.amend(1), "there is none");
        assert!(dimensions.push(0) && dimensions.push(0) && dimensions.amend(5));
        assert_eq!(dimensions.sizes(), [0, 5]);
        assert!(!dimensions.amend(1 << 40));
    }

    #[test]
    fn shapes_are_shown_as_servers_write_them() {
        let shape = |sizes: &[u64], datatype: &[u8]| Shape::new(&of(sizes).unwrap(), Some(datatype));
        let image = shape(&[8, 3, 224, 224], b"FP32");
        assert_eq!(image.to_string(), "FP32[8,3,224,224]");
        assert_eq!(image.of_any_batch().to_string(), "FP32[-1,3,224,224]");
        assert_eq!(image.of_any_batch(), shape(&[2, 3, 224, 224], b"FP32").of_any_batch());
        assert_ne!(image.of_any_batch(), shape(&[0, 3, 224, 224], b"FP32"), "a batch of none is of some size");
        assert_eq!(shape(&[0], b"FP8_E4M3").to_string(), "FP8_E4M3[0]");
        for no_type in [&b"a\"b"[..], b"FP32\n", b"a name too long", b"", b"\xff"] {
            assert_eq!(shape(&[2, 16], no_type).to_string(), "[2,16]");
        }
        let none = Shape::new(&Dimensions::default(), Some(b"FP32"));
        assert_eq!((none.is_known(), none.of_any_batch().is_known()), (false, false));
    }
}
