// SPDX-License-Identifier: Apache-2.0
//! Following, with every way of rotation.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use super::super::tests::MAX;
use super::*;

struct Log {
    folder: tempfile::TempDir,
    tail: Option<Tail>,
}

impl Log {
    fn new(before: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(before) = before {
            fs::write(folder.path().join("audit.log"), before).unwrap();
        }
        let mut log = Self { folder, tail: None };
        log.tail = Some(Tail::open(&log.path(), MAX).unwrap());
        log
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("audit.log")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, text: &str) {
        append(&self.path(), text);
    }

    /// What comes until there is nothing for longer than a look takes.
    fn lines(&mut self) -> Vec<String> {
        let tail = self.tail.as_mut().unwrap();
        let mut lines = Vec::new();
        for _ in 0..2 {
            while let Some(line) = tail.next_line().unwrap() {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
            }
            thread::sleep(Tail::PAUSE);
        }
        lines
    }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn from_the_end_and_what_is_appended() {
    let mut log = Log::new(Some("old\n"));
    assert!(log.lines().is_empty());
    log.append("1\n\r\n2\r\n");
    assert_eq!(log.lines(), ["1", "2"]);
    log.append("3\n");
    assert_eq!(log.lines(), ["3"]);
}

#[test]
fn half_a_line_is_held_back() {
    let mut log = Log::new(Some("old\nbegun bef"));
    assert!(log.lines().is_empty());
    log.append("ore\n{\"ha");
    assert_eq!(log.lines(), ["begun before"]);
    log.append("lf\":");
    assert!(log.lines().is_empty());
    log.append("1}\nnext\n");
    assert_eq!(log.lines(), ["{\"half\":1}", "next"]);
}

#[test]
fn the_beginning_of_the_last_line_is_found() {
    for (before, begin) in [("", 0), ("a", 0), ("a\n", 2), ("a\nb", 2), ("\n", 1)] {
        let mut file = tempfile::tempfile().unwrap();
        for filler in [0, 1, 4094, 4095, 4096, 4097, 10_000] {
            file.set_len(0).unwrap();
            file.rewind().unwrap();
            let text = format!("{}\n{before}", "x".repeat(filler));
            file.write_all(text.as_bytes()).unwrap();
            assert_eq!(begin_of_last_line(&mut file, MAX).unwrap(), filler as u64 + 1 + begin, "{before:?} {filler}");
        }
    }
    let mut file = tempfile::tempfile().unwrap();
    file.write_all("x".repeat(100_000).as_bytes()).unwrap();
    assert_eq!(begin_of_last_line(&mut file, 50_000).unwrap(), 100_000);
    assert_eq!(begin_of_last_line(&mut file, 100_000).unwrap(), 0);
}

#[test]
fn the_file_comes_later() {
    let mut log = Log::new(None);
    assert!(log.lines().is_empty());
    log.append("1\n");
    assert_eq!(log.lines(), ["1"]);
}

#[test]
fn truncated() {
    let mut log = Log::new(Some("old\n"));
    log.append("1\nhalf");
    assert_eq!(log.lines(), ["1"]);
    File::create(log.path()).unwrap();
    assert_eq!(log.lines(), ["half"]);
    log.append("2, longer\n");
    assert_eq!(log.lines(), ["2, longer"]);
    fs::write(log.path(), "3\n").unwrap();
    log.append("4\n");
    assert_eq!(log.lines(), ["3", "4"]);
}

#[test]
fn renamed_and_a_new_file() {
    let mut log = Log::new(Some("old\n"));
    log.append("1\n");
    assert_eq!(log.lines(), ["1"]);
    fs::rename(log.path(), log.at("audit-1.log")).unwrap();
    append(&log.at("audit-1.log"), "2\n");
    assert_eq!(log.lines(), ["2"], "whoever writes may still have the old one open");
    File::create(log.path()).unwrap();
    append(&log.at("audit-1.log"), "3\n");
    assert_eq!(log.lines(), ["3"], "the new one is empty yet");
    append(&log.at("audit-1.log"), "4\nlast");
    log.append("5\n");
    assert_eq!(log.lines(), ["4", "last", "5"]);
    append(&log.at("audit-1.log"), "too late\n");
    log.append("6\n");
    assert_eq!(log.lines(), ["6"]);
}

#[test]
fn replaced() {
    let mut log = Log::new(Some("old\n"));
    log.append("1\n");
    fs::write(log.at("new"), "2\n").unwrap();
    fs::rename(log.at("new"), log.path()).unwrap();
    assert_eq!(log.lines(), ["1", "2"]);
    log.append("3\n");
    assert_eq!(log.lines(), ["3"]);
}

#[test]
fn removed_and_made_again() {
    let mut log = Log::new(Some("old\n"));
    for round in 0..5 {
        log.append(&format!("a{round}\n"));
        fs::remove_file(log.path()).unwrap();
        log.append(&format!("b{round}\n"));
        assert_eq!(log.lines(), [format!("a{round}"), format!("b{round}")]);
    }
}

#[test]
fn several_rotations_during_a_backlog() {
    let mut log = Log::new(Some(""));
    log.append("0a\n0b\n");
    assert_eq!(log.tail.as_mut().unwrap().next_line().unwrap(), Some(&b"0a"[..]));
    for round in 1..6 {
        fs::rename(log.path(), log.at(&format!("old{round}"))).unwrap();
        log.append(&format!("{round}a\n{round}b\n"));
        thread::sleep(Tail::PAUSE);
        log.tail.as_mut().unwrap().watch.look_if_due();
    }
    let expected = ["0b", "1a", "1b", "2a", "2b", "3a", "3b", "4a", "4b", "5a", "5b"];
    assert_eq!(log.lines(), expected);
}

#[test]
fn a_line_that_is_too_long_is_skipped_alone() {
    let mut log = Log::new(Some(""));
    log.tail = Some(Tail::open(&log.path(), 10).unwrap());
    log.append(&format!("1\n{}", "x".repeat(100_000)));
    assert_eq!(log.lines(), ["1"]);
    log.append("still it\n2\n");
    assert_eq!(log.lines(), ["2"]);
    assert_eq!(log.tail.as_ref().unwrap().skipped(), 1);
}

#[test]
fn what_cannot_be_followed_says_so() {
    let error = |path: &Path| Tail::open(path, MAX).unwrap_err().to_string();
    assert_eq!(error(Path::new("/nowhere/x")), "cannot follow /nowhere/x: its folder does not exist");
    assert_eq!(error(Path::new("/tmp")), "cannot follow /tmp: not a regular file");
    assert_eq!(error(Path::new("/dev/null")), "cannot follow /dev/null: not a regular file");
}

#[test]
fn a_hundred_thousand_lines_while_rotating() {
    const LINES: usize = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let mut tail = Tail::open(&path, MAX).unwrap();
    let writer = thread::spawn(move || {
        let mut file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
        let mut rotations = 0;
        let mut rotated = Instant::now();
        for number in 0..LINES {
            // Cut within a line, as a writer's buffer is.
            write!(file, "{{\"number\":").unwrap();
            writeln!(file, "{number}}}").unwrap();
            if rotated.elapsed() > Tail::PAUSE * 2 {
                fs::rename(&path, path.with_extension(rotations.to_string())).unwrap();
                file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
                rotations += 1;
                rotated = Instant::now();
            }
            if number % 1000 == 0 {
                thread::sleep(Duration::from_millis(10));
            }
        }
        rotations
    });
    let begin = Instant::now();
    let mut number = 0;
    while number < LINES {
        match tail.next_line().unwrap() {
            Some(line) => {
                assert_eq!(line, format!("{{\"number\":{number}}}").as_bytes(), "each once and in order");
                number += 1;
            }
            None => {
                assert!(begin.elapsed() < Duration::from_secs(60), "{number} lines came");
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
    assert!(writer.join().unwrap() >= 3);
    assert!(tail.next_line().unwrap().is_none());
}
