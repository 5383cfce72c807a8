// SPDX-License-Identifier: Apache-2.0
//! Any bytes as an event: read as a slow parser reads them, nothing behind them touched, and written again alike.
#![no_main]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what fails here is found")]

#[path = "../../core/tests/properties/main.rs"]
#[allow(dead_code, unused_imports, reason = "of tests, of which a part is used")]
mod properties;

use falconet::Event;
use falconet::event::write_raw;
use falconet::view::WriteView;
use libfuzzer_sys::fuzz_target;
use properties::events::agree;

/// The bytes that the parameters of an event make, which are its own but for what follows them.
fn written_again(event: &Event<'_>) {
    let parameters: Vec<&[u8]> = event.parameters().collect();
    let mut memory = vec![0xAA; event.as_bytes().len()];
    let mut view = WriteView::new(&mut memory);
    let n = write_raw(&mut view, event.timestamp(), event.thread_id(), event.event_type(), &parameters).unwrap();
    let (mut read, mut written) = (event.as_bytes().to_vec(), memory);
    read.truncate(n);
    written.truncate(n);
    // The length, which told of what follows, too.
    for bytes in [&mut read, &mut written] {
        bytes[16..20].fill(0);
    }
    assert_eq!(read, written);
}

fuzz_target!(|bytes: &[u8]| {
    agree(bytes).unwrap();
    // An input is lengthened and shortened all the time: the same with a length that is right.
    let mut whole = bytes.to_vec();
    if let Some(len) = whole.get_mut(16..20) {
        len.copy_from_slice(&u32::try_from(bytes.len()).unwrap().to_ne_bytes());
    }
    agree(&whole).unwrap();
    if let Ok(event) = Event::parse(&whole) {
        written_again(&event);
    }
});
