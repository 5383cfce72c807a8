// SPDX-License-Identifier: Apache-2.0
//! What a process has at a moment: descriptors, threads, files beside it, memory.

use std::time::Duration;
use std::{fs, io, thread};

use crate::{Failure, ensure};

/// A look at this process.
pub(crate) struct Process {
    pub(crate) outside: Outside,
    pub(crate) memory: Memory,
}

/// How much memory it has; nothing where that is not counted: by another libc than glibc, and under valgrind and
/// AddressSanitizer, which have an allocator and maps of their own. What glibc keeps for a thread counts as allocated, so
/// that only a run with the `GLIBC_TUNABLES` of `tests/tests/reuse` gives the same twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Bytes that are allocated.
    allocated: usize,
    /// Pages that are mapped.
    pages: u64,
}

/// What others can see of it.
pub(crate) struct Outside {
    descriptors: Vec<String>,
    threads: usize,
    /// In the present folder.
    files: Vec<String>,
}

impl Outside {
    /// Fails with what has come or gone since another look.
    pub(crate) fn same_as(&self, before: &Self) -> Result<(), Failure> {
        let change = |now: &[String], before: &[String]| -> Vec<String> {
            let (came, went) =
                (now.iter().filter(|it| !before.contains(it)), before.iter().filter(|it| !now.contains(it)));
            came.map(|it| format!("+ {it}")).chain(went.map(|it| format!("- {it}"))).take(9).collect()
        };
        let threads = (before.threads, self.threads_settled(before.threads));
        let same = (&self.descriptors, &self.files) == (&before.descriptors, &before.files) && threads.0 == threads.1;
        ensure(same, || {
            let (descriptors, files) =
                (change(&self.descriptors, &before.descriptors), change(&self.files, &before.files));
            format!("descriptors {descriptors:?}, files {files:?}, threads (before, now) {threads:?}")
        })
    }

    /// How many threads there are; up to two seconds later, where they are not as many as `expected`: one that was joined is
    /// listed until the kernel is done with it, which takes a moment on a busy machine.
    fn threads_settled(&self, expected: usize) -> usize {
        let mut threads = self.threads;
        for _ in 0..200 {
            if threads == expected {
                break;
            }
            thread::sleep(Duration::from_millis(10));
            threads = count_threads().unwrap_or(threads);
        }
        threads
    }
}

fn count_threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

impl Process {
    /// Looks.
    pub(crate) fn now() -> io::Result<Self> {
        // Before anything here allocates.
        let allocated = allocated();
        let statm = fs::read_to_string("/proc/self/statm")?;
        let pages = statm.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or(0);
        let mut descriptors = Vec::new();
        for entry in fs::read_dir("/proc/self/fd")? {
            let entry = entry?;
            // The one that reads this folder is among them.
            let Ok(target) = fs::read_link(entry.path()) else { continue };
            if !target.starts_with(format!("/proc/{}", std::process::id())) {
                descriptors.push(format!("{} {}", entry.file_name().display(), target.display()));
            }
        }
        descriptors.sort();
        let threads = count_threads()?;
        let mut files = Vec::new();
        for entry in fs::read_dir(".")? {
            files.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(Self {
            outside: Outside { descriptors, threads, files },
            memory: Memory { allocated, pages: if allocated == 0 { 0 } else { pages } },
        })
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the libc is asked for its count of allocated bytes")]
fn allocated() -> usize {
    /// `struct mallinfo2` of malloc.h.
    #[repr(C)]
    struct Info {
        arena: usize,
        ordblks: usize,
        smblks: usize,
        hblks: usize,
        hblkhd: usize,
        usmblks: usize,
        fsmblks: usize,
        uordblks: usize,
        fordblks: usize,
        keepcost: usize,
    }
    unsafe extern "C" {
        fn mallinfo2() -> Info;
    }
    // SAFETY: glibc has it since 2.33, and it only looks.
    let info = unsafe { mallinfo2() };
    info.uordblks + info.hblkhd
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn allocated() -> usize {
    0
}
