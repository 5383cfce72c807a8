// SPDX-License-Identifier: Apache-2.0
//! `falconet run --follow` on a log that grows.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use falconet_tests::plugins::{self, Profile};

use crate::{DEADLINE, Log};

/// Ends the command where a test fails before its end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_command_prints_what_is_appended_as_it_comes_until_ctrl_c() {
    let log = Log::of("one\n");
    let stderr = log.beside("stderr");
    let mut command = Command::new(plugins::command());
    command.arg("run").arg(plugins::access_log(Profile::Release)).arg(log.path()).arg("--follow");
    let child = command.stdout(Stdio::piped()).stderr(File::create(&stderr).unwrap()).spawn().unwrap();
    let mut running = Running(child);
    let stdout = BufReader::new(running.0.stdout.take().unwrap());
    let (send, lines) = mpsc::channel();
    thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let told = || {
        let mut text = String::new();
        File::open(&stderr).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    // Not a terminal: each line comes though no buffer is full.
    let printed = |number: u32, text: &str| {
        let line = lines.recv_timeout(DEADLINE).unwrap_or_else(|why| panic!("{text}: {why}; stderr: {}", told()));
        assert!(line.starts_with(&format!("{number}\t")) && line.ends_with(&format!("\taccess_log\t{text}")), "{line}");
    };
    printed(1, "one");
    for (number, text) in [(2, "two"), (3, "three")] {
        log.append(format!("{text}\n"));
        printed(number, text);
    }
    log.append("four");
    log.rotate();
    log.create("five\n");
    printed(4, "four");
    printed(5, "five");
    assert!(running.0.try_wait().unwrap().is_none(), "it runs until it is ended");
    let id = running.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(running.0.wait().unwrap().code(), Some(130));
    assert!(told().contains("was rotated") && told().contains("\n5 events, "), "{}", told());
}
