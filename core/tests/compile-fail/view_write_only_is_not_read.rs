// SPDX-License-Identifier: Apache-2.0
//! A write-only view shows nothing of what was there before.

use falconet::view::WriteView;

fn main() {
    let mut memory = *b"an earlier event";
    let mut view = WriteView::new(&mut memory);
    view.read(&mut [0; 4]);
    view.read_exact(&mut [0; 4]).unwrap();
    view.read_bytes(4).unwrap();
    view.read_ref::<[u8; 4]>().unwrap();
    view.read_value::<u32>().unwrap();
    view.as_slice();
}
