// SPDX-License-Identifier: Apache-2.0
//! A plugin with std, used as a whole: states and instances in boxes, a thread of its own and routines in each capture,
//! every event parsed and extracted from.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use falconet_host::{Capture, FieldRequest, Inspector, Library, Logs, Next};

use crate::process::Process;
use crate::used::{Payload, Used};
use crate::{Failure, WARM, ensure};

/// More than a plugin without std has room for.
const MANY: usize = 12;

/// dlopen, init, open, read, close, destroy, dlclose, with a second inspector in the middle of the reading.
pub(crate) fn cycles(used: &Used<'_>, count: usize) -> Result<String, Failure> {
    let expected = on_its_own(used, || used.first_read())?;
    let before = Process::now()?;
    let mut steady = before.memory;
    for cycle in 1..=count {
        let within = |why: Failure| format!("cycle {cycle}: {why}");
        on_its_own(used, || one_cycle(used, &expected)).map_err(within)?;
        let now = Process::now()?;
        now.outside.same_as(&before.outside).map_err(within)?;
        if cycle <= WARM {
            steady = now.memory;
        }
        ensure(now.memory == steady, || format!("cycle {cycle}: {:?}, after {WARM} cycles {steady:?}", now.memory))?;
    }
    let work = on_its_own(used, || {
        one_cycle(used, &expected)?;
        // At once, while the thread is there that has called the plugin ..
        Ok(some_work())
    })?;
    // .. and when nothing is left of it.
    let work = work + some_work();
    Ok(format!("{count} cycles of {} events, {work} pieces of work behind them, then {steady:?}", expected.len()))
}

/// The plugin panics at each place of the config, which has commas between: it is used until it fails, and then unloaded
/// at once, while another state goes on.
pub(crate) fn broken(used: &Used<'_>, count: usize) -> Result<String, Failure> {
    let whole = Used { config: "", library: used.library.clone(), ..*used };
    let expected = on_its_own(&whole, || whole.first_read())?;
    let before = Process::now()?;
    let places: Vec<&str> = used.config.split(',').collect();
    for place in places.iter().cycle().take(count * places.len()) {
        let panics = Used { config: place, library: used.library.clone(), ..*used };
        let within = |why: Failure| format!("{place}: {why}");
        let told = on_its_own(used, || {
            let library = used.load()?;
            let other = Inspected::new(&whole, &library)?;
            let mut reader = other.open(&whole)?;
            let (begin, rest) = expected.split_at(expected.len() / 2);
            reader.reads(begin)?;
            let told = until_it_fails(&panics, &library);
            reader.reads(rest)?;
            reader.ends()?;
            Ok(told)
        });
        let told = told.map_err(within)?;
        // A routine may not have its turn before the capture ends.
        let panicked = told.contains("the plugin panicked at ") || *place == "routine";
        ensure(panicked, || format!("{place} has told: {told}"))?;
        Process::now()?.outside.same_as(&before.outside).map_err(within)?;
    }
    let work = some_work();
    Ok(format!("{count} times {} panics, {work} pieces of work behind them", places.len()))
}

/// What a state tells, in its errors and in the log.
fn until_it_fails(used: &Used<'_>, library: &Library) -> String {
    let logs = Logs::new();
    let end = || -> Result<(), Failure> {
        let mut inspector = Inspector::new(&logs);
        inspector.register(library, used.config)?;
        let field = inspector.field(used.field)?;
        let inspected = Inspected { inspector, field };
        let mut reader = inspected.open(used)?;
        while reader.next()?.is_some() {}
        reader.ends()
    };
    let told = end().err().map(|why| why.to_string()).unwrap_or_default();
    logs.take().iter().fold(told, |told, record| format!("{told}\n{}", record.message))
}

/// Runs `call` on a thread that ends then, as a host's inspector may have one; then the library is to be gone.
///
/// std keeps something for a thread on which a plugin has spawned another one, with a destructor: the libc leaves the
/// library mapped until the thread has ended and a library is closed again.
fn on_its_own<R: Send>(used: &Used<'_>, call: impl FnOnce() -> Result<R, Failure> + Send) -> Result<R, Failure> {
    let result = thread::scope(|scope| scope.spawn(call).join().map_err(|_| "a thread has panicked")?)?;
    drop(used.load()?);
    used.is_unmapped()?;
    Ok(result)
}

/// Half a second of other threads' work when the plugin is gone: nothing of it may run, or be touched, then.
fn some_work() -> u64 {
    let (over, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let work = || {
        while !over.load(Ordering::Relaxed) {
            let text: String = (0..100).map(|number| number.to_string()).collect();
            done.fetch_add(u64::from(std::hint::black_box(text).len() == 190), Ordering::Relaxed);
            thread::sleep(Duration::from_millis(1));
        }
    };
    let until = Instant::now() + Duration::from_millis(500);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(work);
        }
        while Instant::now() < until {
            scope.spawn(|| thread::sleep(Duration::from_millis(1)));
            thread::sleep(Duration::from_millis(20));
        }
        over.store(true, Ordering::Relaxed);
    });
    done.load(Ordering::Relaxed)
}

fn one_cycle(used: &Used<'_>, expected: &[Payload]) -> Result<(), Failure> {
    let library = used.load()?;
    let first = Inspected::new(used, &library)?;
    let mut reader = first.open(used)?;
    let (begin, rest) = expected.split_at(expected.len() / 2);
    reader.reads(begin)?;
    {
        let second = Inspected::new(used, &library)?;
        let mut other = second.open(used)?;
        other.reads(expected)?;
        other.ends()?;
        // The next one is left in its middle.
        second.open(used)?.reads(begin)?;
    }
    reader.reads(rest)?;
    reader.ends()?;
    many(used, &library, expected)
}

/// As many states as are asked for, with as many instances each.
fn many(used: &Used<'_>, library: &Library, expected: &[Payload]) -> Result<(), Failure> {
    let states = (0..MANY).map(|_| used.init(library)).collect::<Result<Vec<_>, _>>()?;
    let mut readers = Vec::new();
    for state in &states {
        for _ in 0..MANY {
            readers.push(used.open(state)?);
        }
    }
    readers.iter_mut().try_for_each(|reader| reader.reads(expected.get(..2).unwrap_or_default()))
}

/// An inspector with the plugin in it.
struct Inspected {
    inspector: Inspector,
    field: FieldRequest,
}

impl Inspected {
    fn new(used: &Used<'_>, library: &Library) -> Result<Self, Failure> {
        let mut inspector = Inspector::new(&Logs::new());
        inspector.register(library, used.config)?;
        let field = inspector.field(used.field)?;
        Ok(Self { inspector, field })
    }

    fn open(&self, used: &Used<'_>) -> Result<Captured<'_>, Failure> {
        let name = self.inspector.plugins().first().map(|plugin| plugin.library().info().name.clone());
        let capture = self.inspector.open(&name.unwrap_or_default(), used.params)?;
        Ok(Captured { inspected: self, capture: Some(capture) })
    }
}

/// An open capture.
struct Captured<'i> {
    inspected: &'i Inspected,
    capture: Option<Capture<'i>>,
}

impl Captured<'_> {
    /// The next event of the source; the plugin's async events come in between.
    fn next(&mut self) -> Result<Option<Payload>, Failure> {
        let Some(capture) = &mut self.capture else { return Ok(None) };
        let mut timeouts = 0;
        loop {
            match capture.next_event()? {
                Next::Timeout if timeouts < 3 => timeouts += 1,
                Next::Timeout | Next::Eof => return Ok(None),
                Next::Event(event) => {
                    if let Some(payload) = event.payload() {
                        let extraction = self.inspected.inspector.extract(&event, &self.inspected.field)?;
                        ensure(!self.inspected.inspector.event_text(&event).is_empty(), || "no text".to_owned())?;
                        return Ok(Some((payload.to_vec(), extraction.first().cloned())));
                    }
                }
            }
        }
    }

    fn reads(&mut self, expected: &[Payload]) -> Result<(), Failure> {
        for expected in expected {
            let event = self.next()?;
            ensure(event.as_ref() == Some(expected), || format!("{event:?} instead of {expected:?}"))?;
        }
        Ok(())
    }

    /// Fails unless it is at its end, and ends well.
    fn ends(&mut self) -> Result<(), Failure> {
        ensure(self.next()?.is_none(), || "there are more events".to_owned())?;
        Ok(self.capture.take().map_or(Ok(()), Capture::close)?)
    }
}
