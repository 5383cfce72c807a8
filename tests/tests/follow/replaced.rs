// SPDX-License-Identifier: Apache-2.0
//! A log that is cut, rotated, removed or replaced while it is followed.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::{Log, Tail, append, load};

const ROTATED: &str = "info: the access log was rotated: the old file has been read to its end, the new one follows";

fn written_an_hour_ago(path: &Path) {
    let then = SystemTime::now() - Duration::from_secs(3600);
    File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn a_truncated_file_is_read_from_its_start() {
    let (loaded, log) = (load(), Log::of("one\ntwo\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(2), ["one", "two"]);
    // As logrotate's copytruncate does.
    fs::copy(log.path(), log.beside("access.log.1")).unwrap();
    File::options().write(true).open(log.path()).unwrap().set_len(0).unwrap();
    tail.nothing();
    let told = "notice: the access log was truncated after 8 bytes of it were read: it is read from its start again";
    assert_eq!(loaded.logged(), [told]);
    log.append("three\n");
    assert_eq!(tail.lines(1), ["three"]);
    // Cut and written to before it was looked at.
    fs::write(log.path(), "4\n").unwrap();
    assert_eq!(tail.lines(1), ["4"]);
    tail.nothing();
    assert_eq!(loaded.logged(), [told.replace('8', "6")]);
}

#[test]
fn the_incomplete_last_line_of_a_truncated_file_is_a_line() {
    let (loaded, log) = (load(), Log::of("one\nincomplete"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["one"]);
    tail.nothing();
    fs::write(log.path(), "two\n").unwrap();
    assert_eq!(tail.lines(2), ["incomplete", "two"]);
    tail.nothing();
}

#[test]
fn what_was_read_is_handed_over_where_the_file_is_cut_meanwhile() {
    let loaded = load();
    let plugin = loaded.init();
    // A block full of lines, the last of which its end cuts in two: that one is read again with what follows it.
    let log = Log::of("");
    let cut_in_two = "y".repeat(5536);
    for (size, lines) in [(0, 0), (2000, 1000), (60_000, 30_000), (62_000, 30_000), (65_535, 30_000)] {
        fs::write(log.path(), "x\n".repeat(30_000) + &cut_in_two + "and more\n").unwrap();
        let mut tail = Tail::open(&plugin, &log.path());
        let first = tail.batch().0.len();
        assert!(first < 1000, "a block takes more than one batch");
        File::options().write(true).open(log.path()).unwrap().set_len(size).unwrap();
        let rest = tail.lines(30_000 - first + 1 + lines);
        assert_eq!(rest[30_000 - first], cut_in_two, "{size}");
        tail.nothing();
        assert_eq!(loaded.logged().len(), 1, "{size}");
    }
}

#[test]
fn a_rotated_file_is_read_to_its_end_before_the_new_one() {
    let (loaded, log) = (load(), Log::of("one\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["one"]);
    log.rotate();
    tail.nothing();
    // A writer that was not told yet still has the old file open.
    append(&log.beside("access.log.1"), "two\nthree,");
    assert_eq!(tail.lines(1), ["two"]);
    log.create("");
    tail.nothing();
    append(&log.beside("access.log.1"), " late\nfour\n");
    assert_eq!(tail.lines(2), ["three, late", "four"]);
    append(&log.beside("access.log.1"), "five\n");
    log.append("six\n");
    assert_eq!(tail.lines(2), ["five", "six"]);
    log.append("seven\n");
    assert_eq!(tail.lines(1), ["seven"]);
    assert_eq!(log.descriptors(), 1, "the old file was closed");
    let missing = "info: cannot open the access log: there is no such file (errno 2); waiting for it";
    assert_eq!(loaded.logged(), [missing, ROTATED]);
}

#[test]
fn the_incomplete_last_line_of_a_rotated_file_is_a_line_once_the_new_one_has_bytes() {
    let (loaded, log) = (load(), Log::of("one\nincomplete"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["one"]);
    log.rotate();
    log.create("");
    tail.nothing();
    log.append("t");
    assert_eq!(tail.lines(1), ["incomplete"]);
    tail.nothing();
    log.append("wo\n");
    assert_eq!(tail.lines(1), ["two"]);
    assert_eq!(loaded.logged(), [ROTATED]);
}

#[test]
fn rotations_between_two_looks_are_found_by_their_numbers() {
    let (loaded, log) = (load(), Log::of("0\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    for round in 0..3 {
        assert_eq!(tail.lines(1), [round.to_string()]);
        append(&log.path(), "old, incomplete");
        for file in ["a\n", "b\nincomplete", "", "c\n"] {
            log.rotate();
            log.create(file);
        }
        log.rotate();
        assert_eq!(tail.lines(5), ["old, incomplete", "a", "b", "incomplete", "c"]);
        tail.nothing();
        log.create(format!("{}\n", round + 1));
    }
    assert_eq!(tail.lines(1), ["3"]);
    assert_eq!(log.descriptors(), 1);
}

#[test]
fn rotated_files_that_are_empty_or_missing_hide_no_others() {
    let (loaded, log) = (load(), Log::of("one\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["one"]);
    for file in ["", "three\n", "removed\n", "four\n"] {
        log.rotate();
        log.create(file);
        if file.is_empty() {
            // The empty file was last written to before the old one.
            written_an_hour_ago(&log.path());
            append(&log.beside("access.log.1"), "two\n");
        }
    }
    log.rotate();
    log.create("five\n");
    fs::remove_file(log.beside("access.log.2")).unwrap();
    assert_eq!(tail.lines(4), ["two", "three", "four", "five"]);
    tail.nothing();
}

#[test]
fn a_file_that_came_and_went_between_two_looks_is_lost_under_any_other_name() {
    let (loaded, log) = (load(), Log::of("one\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["one"]);
    append(&log.path(), "two\n");
    fs::rename(log.path(), log.beside("access.log-20240301")).unwrap();
    log.create("lost\n");
    fs::rename(log.path(), log.beside("access.log-20240302")).unwrap();
    log.create("three\n");
    assert_eq!(tail.lines(2), ["two", "three"]);
    tail.nothing();
}

#[test]
fn a_file_that_was_there_before_is_not_taken_for_the_next() {
    let (loaded, log) = (load(), Log::of("two\n"));
    // Some tools number upwards: the last one is the newest.
    fs::write(log.beside("access.log.1"), "one\n").unwrap();
    written_an_hour_ago(&log.beside("access.log.1"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["two"]);
    fs::rename(log.path(), log.beside("access.log.2")).unwrap();
    log.create("three\n");
    assert_eq!(tail.lines(1), ["three"]);
    tail.nothing();
}

#[test]
fn a_removed_file_is_read_to_its_end_and_waited_for() {
    let (loaded, log) = (load(), Log::of("one\n"));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    assert_eq!(tail.lines(1), ["one"]);
    append(&log.path(), "two\nthree");
    fs::remove_file(log.path()).unwrap();
    assert_eq!(tail.lines(1), ["two"]);
    tail.nothing();
    // Not a file yet.
    fs::create_dir(log.path()).unwrap();
    tail.nothing();
    fs::remove_dir(log.path()).unwrap();
    log.create("four\n");
    assert_eq!(tail.lines(2), ["three", "four"]);
    tail.nothing();
    let told = [
        "info: cannot open the access log: there is no such file (errno 2); waiting for it",
        "warning: the path is a folder: give the path of an access log; waiting for it",
        ROTATED,
    ];
    assert_eq!(loaded.logged(), told);
}

#[test]
fn a_link_that_is_set_to_another_file_is_a_rotation() {
    let (loaded, log) = (load(), Log::of("one\n"));
    fs::write(log.beside("b"), "two\n").unwrap();
    symlink("access.log", log.beside("link")).unwrap();
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.beside("link"));
    assert_eq!(tail.lines(1), ["one"]);
    symlink("b", log.beside("other")).unwrap();
    fs::rename(log.beside("other"), log.beside("link")).unwrap();
    assert_eq!(tail.lines(1), ["two"]);
    append(&log.beside("b"), "three\n");
    assert_eq!(tail.lines(1), ["three"]);
}
