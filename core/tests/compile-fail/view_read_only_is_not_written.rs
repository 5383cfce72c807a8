// SPDX-License-Identifier: Apache-2.0
//! A read-only view has nothing to write with.

use std::fmt::Write;

use falconet::view::View;

fn main() {
    let mut view = View::new(b"what the host lent");
    view.write(b"mine");
    view.write_all(b"mine").unwrap();
    view.place([0u8; 4]).unwrap();
    view.write_decimal(1).unwrap();
    view.as_mut_slice().fill(0);
    write!(view, "mine").unwrap();
}
