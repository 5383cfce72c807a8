// SPDX-License-Identifier: Apache-2.0
//! What a view gave up it does not get back.

use falconet::view::{View, ViewMut, WriteView};

fn main() {
    let mut memory = [0; 16];
    let view = ViewMut::new(&mut memory);
    let mut reader: View<'_> = view.into_read();
    reader.into_write();
    let wide: ViewMut<'_> = reader;

    let view = ViewMut::new(&mut memory);
    let mut writer: WriteView<'_> = view.into_write();
    writer.into_read();
    let wide: ViewMut<'_> = writer;
}
