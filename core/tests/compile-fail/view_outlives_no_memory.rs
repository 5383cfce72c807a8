// SPDX-License-Identifier: Apache-2.0
//! What is read in place lives no longer than the memory.

use falconet::view::{View, ViewMut};

fn main() {
    let (word, view);
    {
        let memory = *b"for a while";
        view = View::new(&memory);
        word = view.clone().read_bytes(3).unwrap();
    }
    println!("{word:?} {view:?}");

    let mut memory = [0; 16];
    let mut view = ViewMut::new(&mut memory);
    let word = view.read_bytes(4).unwrap();
    view.write(b"over the word");
    println!("{word:?}");
}
