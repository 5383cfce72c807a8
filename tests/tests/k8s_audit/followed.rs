// SPDX-License-Identifier: Apache-2.0
//! A file that the host follows with `file://`: what is appended comes once and in order, through rotation and truncation.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use falconet_tests::running::Running;
use falconet_tests::sysdig;

use crate::client::event;
use crate::{host, opened, tell};

/// More than the time between two looks at the path.
const LOOK: Duration = Duration::from_millis(300);

fn append_to(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// Writes events with the next numbers, in pieces that end anywhere.
struct Writer {
    number: usize,
}

impl Writer {
    fn write(&mut self, file: &mut File, count: usize) {
        let lines: String =
            (self.number..self.number + count).map(|number| format!("{}\n", event(&number.to_string()))).collect();
        self.number += count;
        lines.as_bytes().chunks(7001).for_each(|piece| file.write_all(piece).unwrap());
    }
}

#[test]
fn each_line_comes_once_through_rotation_and_truncation() {
    let host = host!();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let mut file = append_to(&path);
    writeln!(file, "{}", event("before it was opened")).unwrap();
    let format = sysdig::format(&["ka.auditid"]);
    let input = opened("", format!("file://{}", path.display()));
    let mut running = Running::start(&host, input.into_iter().chain(["-p".into(), format.into()]));
    // It begins at the end that the file has when it is opened: a line that comes says that it was.
    let begin = Instant::now();
    while running.so_far().lines().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(30) && running.is_running());
        writeln!(file, "{}", event("ready")).unwrap();
        thread::sleep(Duration::from_millis(50));
    }

    let mut writer = Writer { number: 0 };
    writer.write(&mut file, 3000);
    for round in 1..=5 {
        // As logrotate does it: whoever writes goes on with the old file for a while.
        fs::rename(&path, folder.path().join(format!("audit.log.{round}"))).unwrap();
        writer.write(&mut file, 500);
        thread::sleep(LOOK);
        file = append_to(&path);
        writer.write(&mut file, 1500);
        thread::sleep(LOOK);
    }
    // What is no event is left out, and said.
    file.write_all(b"{\"kind\":\"Event\"\n\n{\"kind\":\"Pod\"}\n").unwrap();
    writer.write(&mut file, 500);
    // `copytruncate`, once all was read.
    let read =
        |count: usize| move |run: &sysdig::Run| run.lines().last().is_some_and(|line| *line == (count - 1).to_string());
    running.until("the last event before the file is truncated", read(writer.number));
    file.set_len(0).unwrap();
    thread::sleep(LOOK);
    writer.write(&mut file, 500);
    // Removed, and written anew.
    running.until("the last event before the file is removed", read(writer.number));
    fs::remove_file(&path).unwrap();
    thread::sleep(LOOK);
    file = append_to(&path);
    writer.write(&mut file, 500);
    // A line without its end is no line yet.
    let last = event(&writer.number.to_string()).to_string();
    let (one, two) = last.split_at(200);
    file.write_all(one.as_bytes()).unwrap();
    running.until("the last whole line", read(writer.number));
    thread::sleep(LOOK);
    writeln!(file, "{two}").unwrap();
    writer.number += 1;
    running.until("the last line", read(writer.number));

    let (run, took) = running.interrupt();
    let run = run.succeeded();
    assert!(took < Duration::from_secs(5), "it took {took:?} to end");
    let lines = run.lines();
    let numbers: Vec<&String> = lines.iter().skip_while(|line| *line == "ready").collect();
    for (number, line) in numbers.iter().enumerate() {
        assert_eq!(**line, number.to_string(), "each once and in order");
    }
    assert_eq!(numbers.len(), writer.number);
    for told in [
        "was rotated",
        "was truncated",
        "audit.log: skipped a line, ending at byte ",
        "malformed JSON at byte ",
        "1 more warning of this kind",
    ] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
    tell(&format!("{} lines followed through 5 rotations, a truncation and a removal", writer.number));
}
