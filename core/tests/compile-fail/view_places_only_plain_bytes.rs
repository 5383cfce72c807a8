// SPDX-License-Identifier: Apache-2.0
//! What is placed in an event has alignment 1 and no padding.

use falconet::view::WriteView;

#[repr(C)]
struct Padded {
    small: u8,
    large: u32,
}

fn main() {
    let mut memory = [0; 16];
    let mut view = WriteView::new(&mut memory);
    view.place(7u32).unwrap();
    view.place(Padded { small: 1, large: 2 }).unwrap();
}
