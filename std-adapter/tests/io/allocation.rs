// SPDX-License-Identifier: Apache-2.0
//! What the adapters do of themselves costs no allocation, failures included.

use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};

use falconet::view::{View, ViewMut, WriteView};
use falconet_std::io::{Filled, ReadWriter, Reader, Writer};

use super::counting;

/// How many allocations `work` costs, which succeeds.
fn allocations(work: impl FnOnce() -> io::Result<()>) -> usize {
    counting::allocations(|| work().unwrap())
}

fn refused<T>(result: io::Result<T>, kind: io::ErrorKind) {
    assert!(result.is_err_and(|error| error.kind() == kind));
}

#[test]
fn writing_costs_no_allocation() {
    let mut memory = [0; 4096];
    let mut view = WriteView::new(&mut memory);
    let count = allocations(|| {
        let mut writer = Writer::new(&mut view);
        writer.write_all(b"bytes")?;
        assert_eq!(writer.write_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")])?, 2);
        write!(writer, "{} {:?}", 1, "two")?;
        serde_json::to_writer(&mut writer, &(1, "text", [true, false]))?;
        io::copy(&mut &b"copied"[..], &mut writer)?;
        assert_eq!(writer.read_from(&mut &b"read"[..])?, Filled::Eof(4));
        assert_eq!(writer.read_once_from(&mut &b"read"[..], 2)?, 2);
        writer.seek(SeekFrom::End(-1))?;
        refused(writer.seek(SeekFrom::Start(5000)), io::ErrorKind::InvalidInput);
        refused(writer.seek(SeekFrom::Current(-5000)), io::ErrorKind::InvalidInput);
        refused(writer.write_all(&[0; 5000]), io::ErrorKind::WriteZero);
        refused(write!(writer, "x"), io::ErrorKind::WriteZero);
        refused(io::copy(&mut &b"copied"[..], &mut writer), io::ErrorKind::WriteZero);
        writer.rewind()?;
        assert!(writer.read_from(&mut io::repeat(1))?.is_full());
        Ok(())
    });
    assert_eq!((count, view.len()), (0, 4096));
}

#[test]
fn reading_costs_no_allocation() {
    let content = *b"one line\nand what is left";
    let count = allocations(|| {
        let mut reader = Reader::new(View::new(&content));
        let (mut a, mut b) = ([0; 3], [0; 4]);
        reader.read_exact(&mut a)?;
        assert_eq!(reader.read_vectored(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)])?, 7);
        reader.skip_until(b'w')?;
        reader.fill_buf()?;
        refused(reader.read_exact(&mut [0; 100]), io::ErrorKind::UnexpectedEof);
        refused(reader.seek(SeekFrom::End(1)), io::ErrorKind::InvalidInput);
        reader.rewind()?;

        let mut memory = [0; 64];
        let mut both = ReadWriter::new(ViewMut::new(&mut memory));
        io::copy(&mut reader, &mut both)?;
        both.rewind()?;
        both.read_exact(&mut a)?;
        assert!(both.read_from(&mut io::repeat(1))?.is_full());
        Ok(())
    });
    assert_eq!(count, 0);
}

#[test]
fn the_users_own_string_is_reserved_once() {
    let content = *b"one line\nand what is left";
    let mut text = String::new();
    let count = allocations(|| Reader::new(View::new(&content)).read_to_string(&mut text).map(|_| ()));
    assert_eq!((count, text.len()), (1, 25));
}
