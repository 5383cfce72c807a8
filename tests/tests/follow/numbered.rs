// SPDX-License-Identifier: Apache-2.0
//! Numbered lines of another process, through rotations: all of them, once, in order.

use crate::{Log, Tail, load, writer};

#[test]
fn a_hundred_thousand_lines_come_whole_and_once_through_five_rotations() {
    let (loaded, log) = (load(), Log::of(""));
    let plugin = loaded.init();
    let mut tail = Tail::open(&plugin, &log.path());
    let mut writer = writer::start(&log.path());
    let lines = tail.lines(writer::LINES);
    assert!(writer.wait().unwrap().success());
    for (number, line) in lines.iter().enumerate() {
        let begin = format!("192.0.2.1 - - [-] \"GET /{number}?");
        assert!(line.starts_with(&begin) && line.ends_with(" HTTP/1.1\" 200 1"), "line {number} is {line}");
    }
    tail.nothing();
    let logged = loaded.logged();
    let rotated = logged.iter().filter(|line| line.contains("was rotated")).count();
    assert_eq!(rotated, writer::ROTATIONS, "{logged:?}");
    assert_eq!(log.descriptors(), 1);
}
