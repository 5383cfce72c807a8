// SPDX-License-Identifier: Apache-2.0
//! What the system says of this process: its CPU time and its resident memory.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of all threads so far, user and system, in nanoseconds.
pub(super) fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let [seconds, nanoseconds] = [time.tv_sec, time.tv_nsec].map(|part| u64::try_from(part).unwrap_or_default());
    seconds * 1_000_000_000 + nanoseconds
}

/// KiB of memory that this process has at the moment, shared pages of files included; `None` where the kernel does not
/// tell exactly.
#[must_use]
pub fn resident_kib() -> Option<u64> {
    // Not `statm`, whose numbers lag behind.
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
