// SPDX-License-Identifier: Apache-2.0
//! A source called as the host calls it, with nothing judged: what was written is told from what was not.
#![expect(unsafe_code, reason = "the plugin's functions are called, and its batches are read")]

use std::{
    ffi::{CStr, CString, c_void},
    fs::File,
    os::unix::fs::FileExt as _,
    ptr,
    time::{Duration, Instant},
};

use falconet::abi;

use crate::{
    CallError, Event, EventError, Plugin,
    call::{POISON_ADDRESS, POISON_RC, POISON_U32},
    event::Source,
    lent::LentText,
};

/// What one call of `plugin_next_batch` wrote.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawBatch {
    pub(super) rc: abi::Rc,
    pub(super) count: u32,
    pub(super) events: *mut *mut abi::Event,
    pub(super) took: Duration,
}

impl RawBatch {
    pub(super) fn count_unset(&self) -> bool {
        self.count == POISON_U32
    }

    pub(super) fn events_unset(&self) -> bool {
        self.events.addr() == POISON_ADDRESS || self.events.is_null()
    }
}

/// An open source. Closed on drop, whether open succeeded or not (rule 4.7).
pub(super) struct Reader<'p> {
    plugin: &'p Plugin,
    handle: *mut c_void,
    source: Source,
    _params: LentText,
}

impl<'p> Reader<'p> {
    /// Calls `plugin_open`; the rc is as the plugin left it.
    pub(super) fn open(plugin: &'p Plugin, params: &str) -> Result<(Self, abi::Rc), CallError> {
        let call = "plugin_open";
        let open = plugin.api().open.ok_or(CallError::NoSymbol { symbol: call })?;
        let params = LentText::new(crate::plugin::c_text(call, params)?);
        let mut rc = POISON_RC;
        // SAFETY: the state is alive, `params` and `rc` are ours.
        let handle = unsafe { open(plugin.state(), params.as_ptr(), &raw mut rc) };
        params.poison();
        Ok((Self { plugin, handle, source: source_of(plugin)?, _params: params }, rc))
    }

    /// The instance.
    pub(super) fn is_null(&self) -> bool {
        self.handle.is_null()
    }

    /// Calls `plugin_next_batch`, its out-params filled with the pattern before.
    pub(super) fn next(&self) -> RawBatch {
        let Some(next_batch) = self.plugin.api().next_batch else {
            return RawBatch { rc: POISON_RC, count: POISON_U32, events: ptr::null_mut(), took: Duration::ZERO };
        };
        let (mut count, mut events) = (POISON_U32, ptr::without_provenance_mut(POISON_ADDRESS));
        let since = Instant::now();
        // SAFETY: state and instance are alive, the out-params are ours.
        let rc = unsafe { next_batch(self.plugin.state(), self.handle, &raw mut count, &raw mut events) };
        RawBatch { rc, count, events, took: since.elapsed() }
    }

    /// The pointers to the events of a batch, which is the last one.
    pub(super) fn pointers(&self, batch: &RawBatch) -> Vec<*mut abi::Event> {
        let at = |index: u32| batch.events.wrapping_add(index as usize);
        // SAFETY: the plugin says that `count` pointers are there.
        (0..batch.count).map(|index| unsafe { at(index).read_unaligned() }).collect()
    }

    /// The ts of an event before the host writes into it.
    pub(super) fn ts(&self, pointer: *mut abi::Event) -> Option<u64> {
        // SAFETY: an event of the last batch has a header, at any address.
        (!pointer.is_null()).then(|| unsafe { pointer.read_unaligned() }.ts)
    }

    /// Checks an event of the last batch and writes into it as the host does.
    pub(super) fn take(&self, pointer: *mut abi::Event, num: u64) -> Result<Event<'_>, EventError> {
        // SAFETY: an event of the last batch is the host's to read and write until the next one or close, and what this
        // gives borrows `self`; who asks for the next batch has let go of the events, or reads them as bytes only.
        unsafe { Event::take(pointer, num, &self.source) }
    }

    /// The name of the source, as the plugin gets it.
    pub(super) fn source(&self) -> &CStr {
        &self.source.name
    }

    /// Calls `plugin_get_progress`: hundredths of a percent as the plugin left them.
    pub(super) fn progress(&self) -> Option<u32> {
        let get_progress = self.plugin.api().get_progress.filter(|_| !self.handle.is_null())?;
        let mut hundredths = POISON_U32;
        // SAFETY: state and instance are alive, the out-param is ours.
        unsafe { get_progress(self.plugin.state(), self.handle, &raw mut hundredths) };
        Some(hundredths)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        close(self.plugin, self.handle);
    }
}

/// Closes an instance, or NULL.
fn close(plugin: &Plugin, handle: *mut c_void) {
    if let Some(close) = plugin.api().close {
        // SAFETY: the state is alive; what open gave is closed only once, and NULL as often as one likes.
        unsafe { close(plugin.state(), handle) };
    }
}

/// Closes NULL, as the host does where open gave that.
pub(super) fn close_null(plugin: &Plugin) {
    close(plugin, ptr::null_mut());
}

fn source_of(plugin: &Plugin) -> Result<Source, CallError> {
    let info = plugin.library().info();
    let name = if info.source.is_empty() { "syscall" } else { &info.source };
    let name = CString::new(name).map_err(|error| CallError::Nul { call: "", position: error.nul_position() })?;
    Ok(Source { id: info.id, name })
}

/// This process's memory, read without harm where it is not there.
#[derive(Debug)]
pub(super) struct Memory(Option<File>);

impl Memory {
    pub(super) fn new() -> Self {
        Self(File::open("/proc/self/mem").ok())
    }

    /// The bytes from an address on, `None` where they are not there any more.
    pub(super) fn read(&self, address: usize, len: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.0.as_ref()?.read_exact_at(&mut bytes, address as u64).ok()?;
        Some(bytes)
    }
}
