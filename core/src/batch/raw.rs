// SPDX-License-Identifier: Apache-2.0
//! Events of any type from raw parameters, for a source without an id of its own (rule 4.2).
#![expect(unsafe_code, reason = "events are built in memory that the host is lent by pointer")]

use super::{Batch, Memory, Oversized, Push, TooLarge};
use crate::error::Error;
use crate::event::{Header, PLUGIN_EVENT, PluginPrefix, Timestamp, raw_len, write_raw};
use crate::view::WriteView;

impl Batch<'_> {
    /// Adds an event of any of libscap's types, `tid` being the thread that it belongs to.
    ///
    /// Only a source whose [`ID`](crate::Source::ID) is 0 may: others give plugin events. A plugin event has two
    /// parameters, the id of the plugin that it is of (4 bytes, not 0), and the payload.
    ///
    /// # Errors
    /// Where the source has an id; where a parameter is longer than its type's lengths can say (rule 3.2); where the
    /// event can never fit and the source does not say [`Oversized::Skip`].
    ///
    /// ```
    /// use falconet::{batch::{Limits, Push}, Pool, Timestamp};
    /// static POOL: Pool<1, 8, 1024> = Pool::new();
    /// let mut lease = POOL.lease().unwrap();
    /// let mut batch = lease.fill(Limits::new(0, 0)); // no id
    /// let (fd, name) = (3i64.to_ne_bytes(), b"/etc/passwd\0");
    /// assert_eq!(batch.raw(Timestamp::HOST, Some(42), 3, &[&fd, name]), Ok(Push::Committed));
    /// ```
    pub fn raw(
        &mut self,
        ts: Timestamp,
        tid: Option<u64>,
        event_type: u16,
        parameters: &[&[u8]],
    ) -> Result<Push, Error> {
        if self.limits.id != 0 {
            return Err(Error::new("a source with an id gives plugin events only: raw ones need the id 0")
                .with("id", u64::from(self.limits.id)));
        }
        if event_type == PLUGIN_EVENT && !matches!(parameters, [id, _] if id.len() == 4 && **id != [0; 4]) {
            return Err(Error::new(
                "a raw plugin event has two parameters: a plugin's id of 4 bytes, not 0, and the payload",
            ));
        }
        let needed = raw_len(event_type, parameters)?;
        let memory = &mut self.lease.memory;
        if needed > memory.capacity {
            if self.limits.oversized == Oversized::Skip {
                self.skip();
                return Ok(Push::Skipped);
            }
            return Err(TooLarge { needed: needed as usize, capacity: memory.capacity as usize }.into());
        }
        if memory.count >= memory.max_events || memory.capacity.saturating_sub(memory.used) < needed {
            return Ok(Push::Full);
        }
        memory.prepared = None;
        let (used, room) = (memory.used as usize, needed as usize);
        // SAFETY: `used + needed <= capacity`, all the slot's own memory; nobody else touches it while this borrows.
        let room = unsafe { core::slice::from_raw_parts_mut(memory.bytes.add(used).cast().as_ptr(), room) };
        write_raw(&mut WriteView::from_uninit(room), ts, tid, event_type, parameters)?;
        // SAFETY: a whole event of `needed` bytes was written behind the used ones.
        unsafe { memory.commit_whole(needed) };
        Ok(Push::Committed)
    }
}

impl Memory {
    /// Leaves out the first plugin event without an id, and all behind it. Whether there was one.
    pub(crate) fn cut_without_id(&mut self) -> bool {
        // SAFETY: so many pointers were written, each to a whole event of this memory.
        let events = unsafe { core::slice::from_raw_parts(self.events.as_ptr(), self.count as usize) };
        let without = events.iter().position(|event| {
            // SAFETY: as above; a plugin event begins with its prefix, every other one with a header.
            unsafe {
                let header = event.cast::<Header>().read();
                header.event_type.get() == PLUGIN_EVENT && event.cast::<PluginPrefix>().read().id.get() == 0
            }
        });
        if let Some(count) = without.and_then(|count| u32::try_from(count).ok()) {
            self.count = count;
        }
        without.is_some()
    }

    /// Makes the next event of the `len` bytes that stand behind the used ones.
    ///
    /// # Safety
    /// A whole event of so many bytes stands there, and there is a place for its pointer.
    unsafe fn commit_whole(&mut self, len: u32) {
        // SAFETY: as this function's.
        unsafe {
            let event = self.bytes.add(self.used as usize);
            self.events.add(self.count as usize).write(event.cast().as_ptr());
        }
        self.count += 1;
        self.used = (self.used + len).saturating_add(7) & !7;
    }
}
