// SPDX-License-Identifier: Apache-2.0
//! The extended vtables as a plugin is lent them for one call, overwritten after it (rule 1.10).

use std::cell::Cell;

use falconet::abi::{TableReaderVtableExt, TableWriterVtable};

use super::{READER_EXT, WRITER};
use crate::lent::Lent;

/// The vtables that a plugin is lent for one call, in two copies used in turn: who keeps those of a call finds a pattern
/// in the next one.
#[derive(Debug)]
pub(crate) struct LentVtables {
    copies: [(Lent<TableReaderVtableExt>, Lent<TableWriterVtable>); 2],
    second: Cell<bool>,
}

impl LentVtables {
    pub(crate) fn new() -> Self {
        let copies = [(); 2].map(|()| (Lent::new(READER_EXT), Lent::new(WRITER)));
        Self { copies, second: Cell::new(false) }
    }

    /// Lends one copy, until the result is dropped.
    pub(crate) fn lend(&self) -> LentCopy<'_> {
        let [first, second] = &self.copies;
        let (reader, writer) = if self.second.replace(!self.second.get()) { second } else { first };
        reader.set(READER_EXT);
        writer.set(WRITER);
        LentCopy { reader, writer }
    }
}

/// The vtables of one call.
#[derive(Debug)]
pub(crate) struct LentCopy<'a> {
    reader: &'a Lent<TableReaderVtableExt>,
    writer: &'a Lent<TableWriterVtable>,
}

impl LentCopy<'_> {
    pub(crate) fn reader(&self) -> *mut TableReaderVtableExt {
        self.reader.as_ptr()
    }

    pub(crate) fn writer(&self) -> *mut TableWriterVtable {
        self.writer.as_ptr()
    }
}

impl Drop for LentCopy<'_> {
    fn drop(&mut self) {
        self.reader.poison();
        self.writer.poison();
    }
}

#[expect(unsafe_code, reason = "the test reads what a plugin would")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_1_10_a_vtable_that_is_kept_is_overwritten() {
        let vtables = LentVtables::new();
        let kept = {
            let lent = vtables.lend();
            // SAFETY: lent, and any bytes of this size are a number.
            assert_ne!(unsafe { lent.reader().cast::<usize>().read() }, crate::call::POISON_ADDRESS);
            lent.reader()
        };
        let second = vtables.lend();
        assert_ne!(second.reader(), kept);
        // SAFETY: still allocated, and any bytes of this size are a number.
        assert_eq!(unsafe { kept.cast::<usize>().read() }, crate::call::POISON_ADDRESS);
    }
}
