// SPDX-License-Identifier: Apache-2.0
//! A lease's events as its host reads and changes them.

use falconet::{Event, Lease};

/// The bytes of a plugin event as `plugin_types.h` has it.
pub(crate) fn plugin_event(ts: u64, id: u32, payload: &[u8]) -> Vec<u8> {
    let payload_len = u32::try_from(payload.len()).unwrap();
    let mut event = Vec::new();
    event.extend(ts.to_ne_bytes());
    event.extend(u64::MAX.to_ne_bytes());
    event.extend((payload_len + 38).to_ne_bytes());
    event.extend(322u16.to_ne_bytes());
    event.extend(2u32.to_ne_bytes());
    event.extend(4u32.to_ne_bytes());
    event.extend(payload_len.to_ne_bytes());
    event.extend(id.to_ne_bytes());
    event.extend(payload);
    event
}

/// The bytes of the events that are lent. They are whole, in order, aligned, and no two overlap.
pub(crate) fn events(lease: &mut Lease) -> Vec<Vec<u8>> {
    let (events, count) = lease.lend();
    let mut end = 0;
    (0..count as usize)
        .map(|i| {
            // SAFETY: lent until the lease is filled again or dropped: so many pointers, each at a whole event.
            let event = unsafe { Event::from_ptr(*events.add(i)) }.unwrap();
            let bytes = event.as_bytes();
            let begin = bytes.as_ptr() as usize;
            assert!(begin.is_multiple_of(8) && begin >= end, "{begin} {end}");
            end = begin + bytes.len();
            assert_eq!(event.plugin().unwrap().payload, event.payload());
            bytes.to_vec()
        })
        .collect()
}

/// Writes what libscap writes into every event that it takes (rule 4.1).
pub(crate) fn as_the_host_does(lease: &mut Lease) {
    let (events, count) = lease.lend();
    for i in 0..count as usize {
        // SAFETY: the events are lent writable, 38 bytes at least.
        unsafe {
            let event = *events.add(i);
            let id = event.cast::<u8>().add(34).cast::<u32>();
            if id.read_unaligned() == 0 {
                id.write_unaligned(0x0102_0304);
            }
            (*event).tid = u64::MAX;
            if (*event).ts == u64::MAX {
                (*event).ts = 5;
            }
        }
    }
}
