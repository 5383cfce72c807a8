// SPDX-License-Identifier: Apache-2.0
//! Uses a plugin's library again and again in one process, and looks at what is left of it: nothing.
//!
//! It is a program and no test, so that no test harness has threads and memory of its own beside it, and so that valgrind
//! and AddressSanitizer can look at the same thing. `tests/tests/reuse` runs it.
//!
//! ```text
//! reuse cycles <count> <library> <config> <open params> <field>
//! reuse inspectors <rounds> ...   two threads, each with a state of its own that it opens three times
//! reuse reload <count> ...        as Falco does when its config has changed
//! reuse boxed <count> ...         cycles of a plugin with std, which has as many slots as are asked for
//! reuse broken <count> ...        the same plugin, which panics at places that its config names
//! ```
//!
//! The present folder has to be empty: a plugin that writes a file there is found out.

mod boxed;
mod process;
mod used;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use process::Process;
use used::{Payload, Used};

/// Why the program fails.
type Failure = Box<dyn Error + Send + Sync>;

/// A plugin's states, and the instances of all of them, that there is room for.
const SLOTS: usize = 8;

/// Cycles after which nothing may grow any more: by then the loader and the allocator have what they keep.
const WARM: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("reuse {}: {why}", arguments.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<String, Failure> {
    let [work, count, library, config, params, field] = arguments else {
        return Err(
            "reuse cycles|inspectors|reload|boxed|broken <count> <library> <config> <open params> <field>".into()
        );
    };
    let count = count.parse()?;
    let used = Used { library: Path::new(library).canonicalize()?, config, params, field };
    match work.as_str() {
        "cycles" => cycles(&used, count),
        "inspectors" => inspectors(&used, count),
        "reload" => reload(&used, count),
        "boxed" => boxed::cycles(&used, count),
        "broken" => boxed::broken(&used, count),
        _ => Err(format!("there is no work {work}").into()),
    }
}

/// Fails unless it is so.
fn ensure(so: bool, why: impl FnOnce() -> String) -> Result<(), Failure> {
    if so { Ok(()) } else { Err(why().into()) }
}

/// dlopen, init, open, read, close, destroy, dlclose, with a second state in the middle of the reading.
fn cycles(used: &Used<'_>, count: usize) -> Result<String, Failure> {
    let expected = used.first_read()?;
    let before = Process::now()?;
    let mut steady = before.memory;
    for cycle in 1..=count {
        let within = |why: Failure| format!("cycle {cycle}: {why}");
        one_cycle(used, &expected).map_err(within)?;
        used.is_unmapped().map_err(within)?;
        let now = Process::now()?;
        now.outside.same_as(&before.outside).map_err(within)?;
        if cycle <= WARM {
            steady = now.memory;
        }
        ensure(now.memory == steady, || format!("cycle {cycle}: {:?}, after {WARM} cycles {steady:?}", now.memory))?;
    }
    Ok(format!("{count} cycles of {} events, then {steady:?}", expected.len()))
}

fn one_cycle(used: &Used<'_>, expected: &[Payload]) -> Result<(), Failure> {
    let library = used.load()?;
    let plugin = used.init(&library)?;
    let mut reader = used.open(&plugin)?;
    let (first, rest) = expected.split_at(expected.len() / 2);
    reader.reads(first)?;
    {
        let second = used.init(&library)?;
        let mut other = used.open(&second)?;
        other.reads(expected)?;
        other.ends()?;
        // The next one is left in its middle.
        used.open(&second)?.reads(first)?;
    }
    reader.reads(rest)?;
    reader.ends()?;
    drop(reader);
    instances_run_out(used, &plugin)?;
    drop(plugin);
    states_run_out(used, &library)
}

/// All slots of states are free: as many as there are, and not one more until one is destroyed.
fn states_run_out(used: &Used<'_>, library: &falconet_host::Library) -> Result<(), Failure> {
    let mut states = (0..SLOTS).map(|_| used.init(library)).collect::<Result<Vec<_>, _>>()?;
    for _ in 0..2 {
        let refused = used.init(library).err().map(|why| why.to_string()).unwrap_or_default();
        ensure(refused.contains("no state is free"), || format!("the ninth init: {refused:?}"))?;
        states.pop();
        states.push(used.init(library)?);
    }
    Ok(())
}

/// As [`states_run_out`], of instances.
fn instances_run_out(used: &Used<'_>, plugin: &falconet_host::Plugin) -> Result<(), Failure> {
    let mut open = (0..SLOTS).map(|_| used.open(plugin)).collect::<Result<Vec<_>, _>>()?;
    for _ in 0..2 {
        let refused = used.open(plugin).err().map(|why| why.to_string()).unwrap_or_default();
        ensure(refused.contains("no instance or batch is free"), || format!("the ninth open: {refused:?}"))?;
        open.pop();
        open.push(used.open(plugin)?);
    }
    Ok(())
}

/// Two inspectors on two threads, three opens each: every event to each, in order.
fn inspectors(used: &Used<'_>, rounds: usize) -> Result<String, Failure> {
    let expected = used.first_read()?;
    let before = Process::now()?;
    for _ in 0..rounds {
        let library = used.load()?;
        thread::scope(|scope| {
            let inspect = || -> Result<(), Failure> {
                let plugin = used.init(&library)?;
                for _ in 0..3 {
                    let mut reader = used.open(&plugin)?;
                    reader.reads(&expected)?;
                    reader.ends()?;
                }
                Ok(())
            };
            let threads = [scope.spawn(inspect), scope.spawn(inspect)];
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread has panicked")?)
        })?;
    }
    used.is_unmapped()?;
    let now = Process::now()?;
    now.outside.same_as(&before.outside)?;
    Ok(format!("{rounds} times 2 inspectors, 3 opens of {} events each", expected.len()))
}

/// Rule 11.2: while the first set of states is in use, all is loaded and initialised a second time and destroyed; then
/// the first set is destroyed, and all is loaded anew.
fn reload(used: &Used<'_>, count: usize) -> Result<String, Failure> {
    let expected = used.first_read()?;
    let before = Process::now()?;
    for _ in 0..count {
        // On a thread that ends when the library is gone: nothing of it may run then.
        thread::scope(|scope| {
            let thread = scope.spawn(|| one_reload(used, &expected));
            thread.join().map_err(|_| "a thread has panicked")?
        })?;
        let now = Process::now()?;
        now.outside.same_as(&before.outside)?;
    }
    Ok(format!("{count} reloads between {} events", expected.len()))
}

fn one_reload(used: &Used<'_>, expected: &[Payload]) -> Result<(), Failure> {
    const SET: usize = 3;
    let (first, rest) = expected.split_at(expected.len() / 2);
    {
        // init has no effect outside, here and below.
        let nothing = Process::now()?;
        let library = used.load()?;
        let live = (0..SET).map(|_| used.init(&library)).collect::<Result<Vec<_>, _>>()?;
        Process::now()?.outside.same_as(&nothing.outside)?;
        let mut reader = live.first().map(|plugin| used.open(plugin)).ok_or("no state")??;
        reader.reads(first)?;
        let busy = Process::now()?;
        {
            let again = used.load()?;
            let tried = (0..SET).map(|_| used.init(&again)).collect::<Result<Vec<_>, _>>()?;
            Process::now()?.outside.same_as(&busy.outside)?;
            drop(tried);
        }
        // The first set has not noticed.
        reader.reads(rest)?;
        reader.ends()?;
        drop(reader);
        drop(live);
    }
    used.is_unmapped()?;
    let library = used.load()?;
    let plugin = used.init(&library)?;
    let mut reader = used.open(&plugin)?;
    reader.reads(expected)?;
    reader.ends()?;
    drop(reader);
    drop(plugin);
    drop(library);
    used.is_unmapped()
}
