// SPDX-License-Identifier: Apache-2.0
//! `json_check FILE ROUNDS`: what `serde_json` takes to check every line of a file, as often as that. Prints the CPU
//! nanoseconds of one round, `cpu_ns=`, as `tests/c/bench.c` does of a plugin.
#![expect(unsafe_code, reason = "std has no clock of the CPU time")]
#![expect(clippy::print_stdout, reason = "it prints its result")]

use std::error::Error;
use std::ffi::{c_int, c_long};
use std::fs;
use std::hint::black_box;

use serde::de::IgnoredAny;

#[repr(C)]
#[derive(Default)]
struct Timespec {
    seconds: c_long,
    nanoseconds: c_long,
}

const PROCESS_CPUTIME: c_int = 2;

unsafe extern "C" {
    fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int;
}

fn cpu_ns() -> i64 {
    let mut time = Timespec::default();
    // SAFETY: the place is writable, and as the C library has it on 64-bit Linux.
    let failed = unsafe { clock_gettime(PROCESS_CPUTIME, &raw mut time) };
    assert_eq!(failed, 0, "there is no clock of the CPU time");
    time.seconds * 1_000_000_000 + time.nanoseconds
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(rounds)) = (arguments.next(), arguments.next()) else {
        return Err("json_check FILE ROUNDS".into());
    };
    let (text, rounds) = (fs::read(file)?, rounds.parse::<u32>()?);
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let since = cpu_ns();
    for _ in 0..rounds {
        for line in &lines {
            black_box(serde_json::from_slice::<IgnoredAny>(black_box(line))?);
        }
    }
    println!("lines={} cpu_ns={}", lines.len(), (cpu_ns() - since) / i64::from(rounds));
    Ok(())
}
