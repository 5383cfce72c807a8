// SPDX-License-Identifier: Apache-2.0
//! A file that grows: what is there first, then each line once its end is there.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use falconet_host::{Logs, Next, Plugin};

use crate::{FOLLOW, Log, Tail, append, load};

/// Bytes of the longest line that fits an event, and of a block that is read.
const LONGEST: usize = 32 * 1024 - 1;
const BLOCK: usize = 64 * 1024;

#[test]
fn the_end_is_a_timeout_and_what_is_appended_comes_later() {
    let (loaded, log) = (load(), Log::of("one\ntwo\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    // What is there is handed over with the timeout, not after it.
    assert_eq!(tail.batch(), (vec!["one".to_owned(), "two".to_owned()], true));
    tail.nothing();
    log.append("three\r\n");
    assert_eq!(tail.lines(1), ["three"]);
    log.append("four\n\nsix\n");
    assert_eq!(tail.lines(3), ["four", "", "six"]);
    tail.nothing();
    assert_eq!(loaded.logged(), [""; 0]);
}

#[test]
fn an_empty_file_is_waited_at() {
    let (loaded, log) = (load(), Log::of(""));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    tail.nothing();
    log.append("first\n");
    assert_eq!(tail.lines(1), ["first"]);
}

#[test]
fn without_follow_the_end_is_the_end() {
    let (loaded, log) = (load(), Log::of("one\nincomplete"));
    for config in ["", "{}", "{\"follow\": false}"] {
        let plugin = Plugin::init(&loaded.library, config, &Logs::new()).unwrap();
        let mut instance = plugin.open(log.path().to_str().unwrap()).unwrap();
        let mut events = 0;
        while let Next::Event(_) = instance.next_event().unwrap() {
            events += 1;
        }
        assert!(matches!(instance.next_event(), Ok(Next::Eof)), "{config}");
        assert_eq!(events, 2, "{config}");
    }
}

#[test]
fn host_4_9_an_idle_call_waits_but_not_for_long() {
    let (loaded, log) = (load(), Log::of(""));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    let begin = Instant::now();
    let calls = 20;
    for _ in 0..calls {
        assert_eq!(tail.batch(), (vec![], true));
    }
    let each = begin.elapsed() / calls;
    // A host asks again at once: without a wait it would spin. The upper limit is for a machine that is busy.
    assert!(each >= Duration::from_millis(10) && each < Duration::from_millis(100), "{each:?}");
}

#[test]
fn a_wrong_config_is_refused_with_what_to_do() {
    let loaded = load();
    let why = |config: &str| Plugin::init(&loaded.library, config, &Logs::new()).unwrap_err().to_string();
    let todo = "give {\"follow\": true} to wait for more lines at the file's end, or leave it empty";
    let unknown = format!("the init config has an unknown key \"folow\" at byte 1 (from 0); {todo}");
    assert_eq!(why("{\"folow\":true}"), format!("plugin_init failed: {unknown}"));
    let value = "true or false as the value of \"follow\" was expected at byte 11 (from 0)";
    assert_eq!(why("{\"follow\": 1}"), format!("plugin_init failed: the init config is wrong: {value}; {todo}"));
}

#[test]
fn what_is_missing_when_it_is_opened_is_an_error() {
    let (loaded, log) = (load(), Log::of("one\n"));
    let plugin = loaded.init();
    for (path, why) in [
        (log.beside("missing.log"), "cannot open the access log: there is no such file (errno 2)"),
        (log.folder.path().to_path_buf(), "the path is a folder: give the path of an access log"),
    ] {
        let error = plugin.open(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn an_incomplete_last_line_is_held_back_until_its_end_comes() {
    let (loaded, log) = (load(), Log::of("one\nsecond "));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["one"]);
    for piece in ["li", "n", "e, in pieces\r"] {
        tail.nothing();
        log.append(piece);
    }
    tail.nothing();
    log.append("\nthird");
    assert_eq!(tail.lines(1), ["second line, in pieces"]);
    tail.nothing();
    log.append("\n");
    assert_eq!(tail.lines(1), ["third"]);
    assert_eq!(loaded.logged(), [""; 0]);
}

#[test]
fn a_line_may_come_in_pieces_anywhere_in_a_block() {
    let (loaded, log) = (load(), Log::of(""));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    for len in [1, 2, 100, LONGEST - 1, LONGEST] {
        let line = "l".repeat(len);
        // Where in the block it begins, and how much of it is there first.
        for before in [0, 1, BLOCK / 2, BLOCK - len - 1, BLOCK - len, BLOCK - len + 1, BLOCK - 1, BLOCK] {
            for first in [0, 1, len / 2, len] {
                let mut filler = "f".repeat(before % 1000);
                let mut count = usize::from(before % 1000 > 0);
                if count > 0 {
                    filler.replace_range(before % 1000 - 1.., "\n");
                }
                filler.extend((0..before / 1000).map(|_| "x".repeat(999) + "\n"));
                count += before / 1000;
                log.append(filler + &line[..first]);
                assert_eq!(tail.lines(count).len(), count);
                assert_eq!(tail.batch(), (vec![], true));
                log.append(line[first..].to_owned() + "\n");
                assert!(tail.lines(1) == [line.as_str()], "{len} bytes, {first} first, {before} before");
            }
        }
    }
    assert_eq!(loaded.logged(), [""; 0]);
}

#[test]
fn a_line_that_never_fits_is_skipped_once_its_end_comes() {
    let (loaded, log) = (load(), Log::of("before\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    let mut end = 7;
    assert_eq!(tail.lines(1), ["before"]);
    for len in [LONGEST + 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
        let line = "l".repeat(len);
        for pieces in [1, 2, 5] {
            for piece in line.as_bytes().chunks(len.div_ceil(pieces)) {
                log.append(piece);
                assert_eq!(tail.batch(), (vec![], true), "{len} bytes in {pieces} pieces");
            }
            assert_eq!(loaded.logged(), [""; 0], "{len} bytes in {pieces} pieces");
            log.append("\nafter\n");
            end += len + 1;
            assert_eq!(tail.lines(1), ["after"]);
            let told = format!("warning: skipped a line of more than {LONGEST} bytes that ends before byte {end}");
            assert_eq!(loaded.logged(), [told]);
            end += 6;
        }
    }
}

#[test]
fn host_4_9_a_pipe_is_not_waited_for_and_may_have_one_writer_after_another() {
    let (loaded, log) = (load(), Log::of(""));
    let plugin = loaded.init();
    let pipe = log.beside("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut tail = Tail::open(&plugin, &pipe);
    tail.nothing();
    for round in 0..3 {
        let mut writer = fs::OpenOptions::new().append(true).open(&pipe).unwrap();
        tail.nothing();
        std::io::Write::write_all(&mut writer, b"from the pipe\nincom").unwrap();
        assert_eq!(tail.lines(1), ["from the pipe"], "round {round}");
        tail.nothing();
        drop(writer);
        tail.nothing();
        append(&pipe, "plete\n");
        assert_eq!(tail.lines(1), ["incomplete"], "round {round}");
    }
    assert_eq!(loaded.logged(), [""; 0]);
}

#[test]
fn eight_may_be_followed_at_once_and_closing_gives_all_back() {
    let (loaded, log) = (load(), Log::of("one\n"));
    for _ in 0..3 {
        let plugin = Plugin::init(&loaded.library, FOLLOW, &Logs::new()).unwrap();
        let mut tails: Vec<_> = (0..8).map(|_| Tail::open(&plugin, &log.path())).collect();
        assert_eq!(log.descriptors(), 8);
        for tail in &mut tails {
            assert_eq!(tail.lines(1), ["one"]);
        }
        drop(tails);
        assert_eq!(log.descriptors(), 0);
    }
}
