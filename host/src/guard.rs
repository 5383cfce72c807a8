// SPDX-License-Identifier: Apache-2.0
//! Memory that stops the process when it is touched too late or behind its end, and says which it was.
//!
//! ```text
//! |        pages of the system        | a page that nobody may touch |
//! |            ... | the bytes ...... |
//! ```
//! For the child processes of `falconet check` only: pages are never given back, so that no address comes twice.
#![expect(unsafe_code, reason = "pages of the system are mapped and protected, and a signal is handled")]

use std::{
    ffi::{c_int, c_void},
    io,
    os::fd::RawFd,
    ptr::{self, NonNull},
    slice,
    sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering},
};

/// What the memory is, by which the touch of it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lent for one call that has returned.
    Lent = 1,
    /// An event that is no longer lent.
    Event = 2,
    /// What lies behind an event.
    BehindEvent = 3,
    /// What a pointer that is NULL points to, or a member behind it.
    Null = 4,
    /// A member of a struct of a call that came with a later API version than the others.
    LaterMember = 5,
}

impl Kind {
    /// The kind of a number that a child has told.
    pub(crate) fn of(number: u32) -> Option<Self> {
        [Self::Lent, Self::Event, Self::BehindEvent, Self::Null, Self::LaterMember]
            .into_iter()
            .find(|kind| *kind as u32 == number)
    }
}

struct Region {
    start: AtomicUsize,
    end: AtomicUsize,
    kind: AtomicUsize,
}

/// More than a child ever has; what is beyond stops the process without being named.
const REGIONS: usize = 1 << 14;
/// Below this nothing is ever mapped.
const NULL_END: usize = 1 << 12;
static KNOWN: [Region; REGIONS] =
    [const { Region { start: AtomicUsize::new(0), end: AtomicUsize::new(0), kind: AtomicUsize::new(0) } }; REGIONS];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static ON: AtomicBool = AtomicBool::new(false);
static TELL: AtomicI32 = AtomicI32::new(-1);

/// Whether what is lent to plugins is guarded.
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// From now on what is lent is guarded, and who touches it too late is told on `tell` as a line of JSON.
pub(crate) fn turn_on(tell: RawFd) {
    TELL.store(tell, Ordering::Relaxed);
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: all bytes of the struct may be zero: no flags, no mask.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = on_fault as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: the handler calls only what a handler may; the action is ours.
        unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    }
    ON.store(true, Ordering::Relaxed);
}

/// Tells what was touched, and lets the signal do what it does by default when the instruction runs once more.
extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, _context: *mut c_void) {
    // SAFETY: the system passes an info that lives during the handler.
    let address = unsafe { (*info).si_addr() }.addr();
    let count = COUNT.load(Ordering::Acquire).min(REGIONS);
    let hit = KNOWN
        .iter()
        .take(count)
        .find(|region| (region.start.load(Ordering::Relaxed)..region.end.load(Ordering::Relaxed)).contains(&address));
    let line: &[u8] = match hit.map_or(0, |region| region.kind.load(Ordering::Relaxed)) {
        1 => b"{\"Touched\":1}\n",
        2 => b"{\"Touched\":2}\n",
        3 => b"{\"Touched\":3}\n",
        5 => b"{\"Touched\":5}\n",
        _ if address < NULL_END => b"{\"Touched\":4}\n",
        _ => b"",
    };
    // SAFETY: `write` and `signal` may be called in a handler; the line is a static.
    unsafe {
        libc::write(TELL.load(Ordering::Relaxed), line.as_ptr().cast(), line.len());
        libc::signal(signal, libc::SIG_DFL);
    }
}

/// How many bytes of the heap are in use, in all threads; 0 where the C library does not tell.
pub(crate) fn heap() -> usize {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes nothing and gives numbers.
    return unsafe { libc::mallinfo2() }.uordblks;
    #[cfg(not(target_env = "gnu"))]
    0
}

/// Runs `body` on a thread on whose stack nobody catches anything, and waits for it. An exception that leaves a function of
/// the plugin finds no one there, and is the end of the process before anything is unwound; on Rust's own threads it would
/// go through frames that are not made for it.
pub(crate) fn where_nobody_catches<F: FnOnce() + Send>(body: F) -> io::Result<()> {
    let mut body = Some(body);
    let mut thread: libc::pthread_t = 0;
    // `extern "C"` in Rust is a place that catches, to abort; this one is not.
    let begin: extern "C-unwind" fn(*mut c_void) -> *mut c_void = begin::<F>;
    // SAFETY: the two kinds of function are called in the same way.
    let begin: extern "C" fn(*mut c_void) -> *mut c_void = unsafe { std::mem::transmute(begin) };
    // SAFETY: `body` lives until the thread is joined below, and nobody else touches it until then.
    let made = unsafe { libc::pthread_create(&raw mut thread, ptr::null(), begin, (&raw mut body).cast()) };
    if made != 0 {
        return Err(io::Error::from_raw_os_error(made));
    }
    // SAFETY: the thread was made above, and is joined once.
    match unsafe { libc::pthread_join(thread, ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

extern "C-unwind" fn begin<F: FnOnce() + Send>(body: *mut c_void) -> *mut c_void {
    // SAFETY: `where_nobody_catches` passes its body, and waits.
    if let Some(body) = unsafe { (*body.cast::<Option<F>>()).take() } {
        body();
    }
    ptr::null_mut()
}

/// Notes what a piece of memory is.
fn note(kind: Kind, start: usize, end: usize) {
    let index = COUNT.fetch_add(1, Ordering::AcqRel);
    if let Some(region) = KNOWN.get(index) {
        region.kind.store(kind as usize, Ordering::Relaxed);
        region.end.store(end, Ordering::Relaxed);
        region.start.store(start, Ordering::Relaxed);
    }
}

/// Bytes with a page behind them that nobody may touch.
#[derive(Debug)]
pub(crate) struct Pages {
    base: NonNull<u8>,
    /// The pages in use, without the one behind them.
    room: usize,
    offset: usize,
    len: usize,
}

// SAFETY: the pages are this value's alone, and reached by raw pointers only.
unsafe impl Send for Pages {}

impl Pages {
    /// Room for `len` bytes, all zero, which end where the pages end, or up to `align - 1` bytes before.
    pub(crate) fn new(len: usize, align: usize, before: Kind, behind: Option<Kind>) -> io::Result<Self> {
        // SAFETY: no pointers are passed.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).map_err(io::Error::other)?;
        let room = len.max(1).next_multiple_of(page);
        // SAFETY: new pages, at an address that the system chooses.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                room + page,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast::<u8>()).ok_or_else(|| io::Error::other("pages at NULL"))?;
        let offset = (room - len) / align * align;
        let pages = Self { base, room, offset, len };
        // SAFETY: the last page is ours.
        pages.protect(unsafe { base.add(room) }, page, libc::PROT_NONE)?;
        let start = base.addr().get();
        note(before, start, start + room);
        if let Some(behind) = behind {
            note(behind, start + room, start + room + page);
        }
        Ok(pages)
    }

    /// An event's bytes: what lies behind them must not be read.
    pub(crate) fn event(bytes: &[u8]) -> io::Result<Self> {
        let pages = Self::new(bytes.len(), 1, Kind::Event, Some(Kind::BehindEvent))?;
        pages.fill(bytes);
        Ok(pages)
    }

    /// Overwrites the bytes from the first on.
    pub(crate) fn fill(&self, bytes: &[u8]) {
        let len = bytes.len().min(self.len);
        // SAFETY: `len` bytes are there and ours; nobody holds a reference to them.
        unsafe { self.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), len) };
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        // SAFETY: inside the pages.
        unsafe { self.base.as_ptr().add(self.offset) }
    }

    /// The bytes, which must be allowed now.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes are there; plugins only read events that they are lent for extraction.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.len) }
    }

    fn protect(&self, from: NonNull<u8>, len: usize, protection: c_int) -> io::Result<()> {
        // SAFETY: pages of this mapping.
        match unsafe { libc::mprotect(from.as_ptr().cast(), len, protection) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// From now on nobody may touch the bytes.
    pub(crate) fn forbid(&self) {
        // Where that fails, less is found.
        let _ = self.protect(self.base, self.room, libc::PROT_NONE);
    }

    /// The bytes may be used again.
    pub(crate) fn allow(&self) {
        let _ = self.protect(self.base, self.room, libc::PROT_READ | libc::PROT_WRITE);
    }
}
