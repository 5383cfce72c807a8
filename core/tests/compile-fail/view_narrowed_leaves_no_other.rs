// SPDX-License-Identifier: Apache-2.0
//! While a view is narrowed nobody has the wide one.

use falconet::view::ViewMut;

fn main() {
    let mut memory = [0; 16];
    let mut view = ViewMut::new(&mut memory);
    let reader = view.as_read();
    view.write(b"under the reader");
    reader.as_slice();

    let reader = view.into_read();
    view.write(b"under the reader");
    reader.as_slice();
}
