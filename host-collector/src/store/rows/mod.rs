//! Spans as rows of numbers: what is in memory before it is sealed, and what a group unpacks to.
//!
//! Texts and shapes are kept once and named by number. A row is a trace, a shape, ids, times and
//! the values of the shape's ops. Nothing that an OTLP span holds is lost.

pub(crate) mod envelope;
pub(crate) mod shape;
mod take;
mod texts;
mod traces;
mod write;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use shape::{Op, Shape, Shapes, Type};
pub(crate) use take::Table;
pub(crate) use texts::{Interner, Texts};
pub(crate) use traces::is_like;
pub(crate) use write::{Piece, assemble};

use crate::model::TraceId;

/// The rows. What a group did not unpack is empty, and reads as 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) texts: Texts,
    pub(crate) shapes: Shapes,
    pub(crate) traces: Vec<TraceId>,
    /// For each row its trace, in `traces`.
    pub(crate) trace: Vec<u32>,
    /// For each row its shape.
    pub(crate) shape: Vec<u32>,
    pub(crate) span: Vec<[u8; 8]>,
    /// The parent's id; all 0 if there is none.
    pub(crate) parent: Vec<[u8; 8]>,
    pub(crate) start_ns: Vec<u64>,
    pub(crate) took_ns: Vec<u64>,
    /// Where in `values` those of each row begin.
    pub(crate) first: Vec<u32>,
    pub(crate) values: Vec<u64>,
}

/// One row, as it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) trace: u32,
    pub(crate) shape: Shape<'a>,
    pub(crate) span: [u8; 8],
    pub(crate) parent: [u8; 8],
    pub(crate) start_ns: u64,
    pub(crate) took_ns: u64,
    pub(crate) values: &'a [u64],
}

pub(crate) fn at<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.get(index).copied().unwrap_or_default()
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.trace.len()
    }

    pub(crate) fn row(&self, index: usize) -> Row<'_> {
        let shape = self.shapes.get(at(&self.shape, index));
        Row {
            trace: at(&self.trace, index),
            shape,
            span: at(&self.span, index),
            parent: at(&self.parent, index),
            start_ns: at(&self.start_ns, index),
            took_ns: at(&self.took_ns, index),
            values: self.values_of(index),
        }
    }

    pub(crate) fn values_of(&self, index: usize) -> &[u64] {
        let from = at(&self.first, index) as usize;
        let end = self.first.get(index + 1).map_or(self.values.len(), |end| *end as usize);
        self.values.get(from..end).unwrap_or_default()
    }

    /// The rows of a trace.
    pub(crate) fn of_trace(&self, trace: u32) -> impl Iterator<Item = usize> {
        self.trace.iter().enumerate().filter(move |(_, of)| **of == trace).map(|(row, _)| row)
    }

    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        self.texts.weight()
            + (self.shapes.words.capacity() + self.shapes.ends.capacity()) * 4
            + self.traces.capacity() * 16
            + self.trace.capacity() * (4 + 4 + 8 + 8 + 8 + 8 + 4)
            + self.values.capacity() * 8
    }
}
