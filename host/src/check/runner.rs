// SPDX-License-Identifier: Apache-2.0
//! Runs scenarios in child processes and gathers what they tell; the way in which a child ends is evidence, too.

use std::{
    io::{self, BufRead as _, BufReader, Read as _},
    os::unix::{net::UnixStream, process::ExitStatusExt as _},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use super::{Check, report::Gathered, scenario::Scenario, witness::Message};
use crate::guard::Kind;

/// How often a child that says nothing is looked after.
const LOOK: Duration = Duration::from_millis(50);
/// How much of what a child prints is told.
const QUOTED: usize = 300;
/// How much of it is kept.
const KEPT: u64 = 1 << 16;

/// The last call that a child told of.
#[derive(Default)]
struct LastCall {
    call: String,
    under: Option<Check>,
    touched: Option<Kind>,
}

/// Runs a scenario in the process that `command` starts, whose standard input becomes the line to it.
pub(super) fn run(
    scenario: Scenario,
    mut command: Command,
    silence: Duration,
    gathered: &mut Gathered,
) -> io::Result<()> {
    let (ours, theirs) = UnixStream::pair()?;
    command.stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::piped());
    // What is freed is overwritten at once, so that who reads it sees something else.
    command.env("GLIBC_TUNABLES", "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0");
    command.env("MALLOC_PERTURB_", "165");
    let mut child = command.spawn()?;
    // The parent's copy of the child's end.
    drop(command);
    let printed = printed(&mut child);
    let mut last = LastCall::default();
    let ended = listen(&mut child, ours, silence, &mut last, gathered);
    if ended.is_err() {
        // Whatever went wrong, no child is left behind.
        let _ = child.kill();
        let _ = child.wait();
    }
    let said = || printed.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
    match ended? {
        Ended::Well => {}
        Ended::Silent => {
            let seconds = silence.as_secs_f64();
            let check = last.under.unwrap_or(Check::Hang);
            let message = format!("{} did not return within {seconds} s", last.call);
            gathered.take(Message::Stopped(message.clone()));
            gathered.found(check, message);
        }
        // The plugin looks at the member, which is what the scenario is to show.
        Ended::Early(_) if last.touched == Some(Kind::LaterMember) => gathered.uses_offsets(),
        Ended::Early(status) => {
            let (check, how) = early(status, &last);
            let said = said();
            let said = if said.is_empty() { said } else { format!("; it printed: {said}") };
            let message = format!("{}{how}{said}", of(&last.call));
            if matches!(check, Check::TablesNull | Check::BatchReadOnly) {
                // Every other scenario would end in the same way.
                gathered.take(Message::Stopped(message.clone()));
            }
            gathered.found(check, message);
        }
    }
    gathered.ended(scenario);
    Ok(())
}

fn of(call: &str) -> String {
    if call.is_empty() { "before any call: ".to_owned() } else { format!("{call}: ") }
}

enum Ended {
    Well,
    /// It said nothing for too long, and was killed.
    Silent,
    Early(ExitStatus),
}

/// Takes in what the child says until it ends.
fn listen(
    child: &mut Child,
    stream: UnixStream,
    silence: Duration,
    last: &mut LastCall,
    gathered: &mut Gathered,
) -> io::Result<Ended> {
    stream.set_read_timeout(Some(LOOK))?;
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    let (mut heard, mut done) = (Instant::now(), false);
    loop {
        let over = match reader.read_until(b'\n', &mut line) {
            Ok(0) => true,
            Ok(_) if line.ends_with(b"\n") => {
                heard = Instant::now();
                match serde_json::from_slice(&line) {
                    Ok(Message::Calling { call, under }) => *last = LastCall { call, under, touched: None },
                    Ok(Message::Touched(number)) => last.touched = Kind::of(number),
                    Ok(Message::Done) => done = true,
                    Ok(message) => gathered.take(message),
                    // Not ours: the plugin writes to its standard input.
                    Err(_) => {}
                }
                line.clear();
                false
            }
            Ok(_) => true,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
            // The child ended with lines of ours unread.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
            Err(error) => return Err(error),
        };
        // A process that the plugin has started may hold the line open.
        let ended = if over { Some(wait(child, silence)?) } else { child.try_wait()?.map(Some) };
        match ended {
            // What it said before it ended may be unread.
            Some(Some(_)) if !over && heard.elapsed() < LOOK => {}
            Some(Some(status)) if done && status.success() => return Ok(Ended::Well),
            Some(Some(status)) => return Ok(Ended::Early(status)),
            Some(None) => return killed(child),
            None if heard.elapsed() > silence => return killed(child),
            None => {}
        }
    }
}

fn killed(child: &mut Child) -> io::Result<Ended> {
    child.kill()?;
    child.wait()?;
    Ok(Ended::Silent)
}

/// The status of a child that has closed its line; `None` if it goes on all the same.
fn wait(child: &mut Child, silence: Duration) -> io::Result<Option<ExitStatus>> {
    let since = Instant::now();
    while since.elapsed() < silence {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(None)
}

/// What an early end is a finding of, and how it is told.
fn early(status: ExitStatus, last: &LastCall) -> (Check, String) {
    match (status.signal(), last.touched) {
        (Some(_), Some(Kind::Lent)) => {
            (Check::LentKept, "it used memory that was lent to it for an earlier call only".to_owned())
        }
        (Some(_), Some(Kind::Event)) => {
            (Check::EventKept, "it used the memory of an event that was lent to it for an earlier call only".to_owned())
        }
        (Some(_), Some(Kind::BehindEvent)) => {
            (Check::ReadsPastEvent, "it read behind the last byte of the event".to_owned())
        }
        (Some(_), Some(Kind::Null)) => (
            last.under.unwrap_or(Check::Crash),
            "the process ended with SIGSEGV: it followed a pointer that is NULL".to_owned(),
        ),
        (Some(signal), Some(Kind::LaterMember) | None) => {
            // This one is of NULL only.
            let under = last.under.filter(|check| *check != Check::TablesNull);
            let usual = if signal == libc::SIGABRT { Check::Abort } else { Check::Crash };
            (under.unwrap_or(usual), format!("the process ended with {}", signal_name(signal)))
        }
        (None, _) => {
            let code = status.code().unwrap_or_default();
            (last.under.unwrap_or(Check::Exit), format!("the process ended itself with the exit code {code}"))
        }
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGSEGV => "SIGSEGV (memory that is not there, or not to be written)",
        libc::SIGABRT => "SIGABRT (abort: an exception or panic that nobody caught, or a check of the C library)",
        libc::SIGBUS => "SIGBUS (memory that is not there)",
        libc::SIGILL => "SIGILL (a trap: a panic of a plugin that aborts, among others)",
        libc::SIGTRAP => "SIGTRAP (a trap)",
        libc::SIGFPE => "SIGFPE (a division by zero)",
        libc::SIGKILL => "SIGKILL",
        libc::SIGTERM => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// What the child prints on its standard error, once it is at its end: the last of it, on one line.
fn printed(child: &mut Child) -> Receiver<String> {
    let (send, receive) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        thread::spawn(move || {
            let mut text = Vec::new();
            // What cannot be read is not told; what is too much is left in the pipe, which then breaks.
            let _ = stderr.take(KEPT).read_to_end(&mut text);
            let text = String::from_utf8_lossy(&text);
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let short: String = text.chars().take(QUOTED).collect();
            // Where the receiver is gone, all went well.
            let _ = send.send(if short.len() < text.len() { short + "..." } else { short });
        });
    }
    receive
}
