// SPDX-License-Identifier: Apache-2.0
//! From bytes to lines: ends of lines and of files, lines that are empty or hold odd bytes, input that is no file.

use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::thread;

use falconet_host::{Next, Plugin};
use falconet_tests::plugins::Profile;

use crate::{File, assert_same_lines, drain, expected_of, lines_of, load, text};

/// Lines as texts.
fn texts(plugin: &Plugin, content: &str) -> Vec<String> {
    lines_of(plugin, content.as_bytes()).into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
}

#[test]
fn lines_end_with_lf_or_cr_lf_or_the_file() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    for (content, expected) in [
        ("", &[][..]),
        ("\n", &[""]),
        ("\r\n", &[""]),
        ("\n\n", &["", ""]),
        ("a\n", &["a"]),
        ("a", &["a"]),
        ("a\nb", &["a", "b"]),
        ("a\r\nb\r\n", &["a", "b"]),
        ("a\r\r\n", &["a\r"]),
        ("a\rb\n", &["a\rb"]),
        ("\na\n\n\nb\n", &["", "a", "", "", "b"]),
        (" a \t\n", &[" a \t"]),
    ] {
        assert_eq!(texts(&plugin, content), expected, "{content:?}");
    }
    assert_eq!(loaded.logged(), [""; 0]);
}

#[test]
fn a_cr_is_dropped_only_before_an_lf() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    assert_eq!(texts(&plugin, "a\nb\r"), ["a", "b\r"]);
    assert_eq!(texts(&plugin, "\r"), ["\r"]);
}

#[test]
fn host_4_6_the_end_stays_the_end() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    for content in [&b""[..], b"a line\n"] {
        let file = File::of(content);
        let mut instance = plugin.open(&file.path()).unwrap();
        assert_eq!(drain(&mut instance), expected_of(content));
        // What is written later is no longer asked for.
        fs::OpenOptions::new().append(true).open(file.path()).unwrap().write_all(b"more\n").unwrap();
        for _ in 0..3 {
            assert!(matches!(instance.next_event().unwrap(), Next::Eof));
        }
    }
}

#[test]
fn a_line_with_a_nul_has_no_line_and_says_so_once() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let file = File::of(b"192.0.2.1 - - [x] \"GET /a\0b HTTP/1.1\" 200 1\n\0\nwhole\n");
    let mut instance = plugin.open(&file.path()).unwrap();
    let [line, path, status] =
        ["access.line", "access.path", "access.status"].map(|n| loaded.library.field(n).unwrap());
    let mut shown = Vec::new();
    while let Next::Event(event) = instance.next_event().unwrap() {
        let value = |request| plugin.extract(&event, std::slice::from_ref(request)).unwrap().first().cloned();
        let values = [&line, &path, &status].map(|request| value(request).map(|value| value.to_string()));
        shown.push((plugin.event_text(&event), values));
    }
    let none = || None::<String>;
    assert_eq!(
        shown,
        [
            ("192.0.2.1 - - [x] \"GET /a?b HTTP/1.1\" 200 1".to_owned(), [none(), none(), Some("200".to_owned())]),
            ("?".to_owned(), [none(), none(), none()]),
            ("whole".to_owned(), [Some("whole".to_owned()), none(), none()]),
        ]
    );
    let logged = loaded.logged();
    assert!(matches!(&logged[..], [one] if one.contains("NUL")), "one message, of the first: {logged:?}");
}

#[test]
fn a_list_that_is_too_long_has_no_value_and_says_so_once() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let of = |segments: usize| format!("192.0.2.1 - - [x] \"GET {} HTTP/1.1\" 200 1\n", "/a".repeat(segments));
    let file = File::of([of(1000), of(16_000), of(3), of(16_000)].concat().as_bytes());
    let request = loaded.library.field("access.segments").unwrap();
    let mut instance = plugin.open(&file.path()).unwrap();
    let mut counts = Vec::new();
    while let Next::Event(event) = instance.next_event().unwrap() {
        counts.push(plugin.extract(&event, std::slice::from_ref(&request)).unwrap().fields[0].values.len());
    }
    // All or nothing; whether 16,000 fit is a matter of how much memory the plugin asks for.
    let logged = loaded.logged();
    match counts[..] {
        [1000, 16_000, 3, 16_000] => assert_eq!(logged, [""; 0]),
        [1000, 0, 3, 0] => {
            assert!(matches!(&logged[..], [one] if one.contains("access.segments")), "one message: {logged:?}");
        }
        _ => panic!("{counts:?}"),
    }
}

#[test]
fn a_mebibyte_of_newlines_is_as_many_events() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let file = File::of(&vec![b'\n'; 1 << 20]);
    let mut instance = plugin.open(&file.path()).unwrap();
    let mut events = 0;
    while let Next::Event(event) = instance.next_event().unwrap() {
        assert_eq!(event.payload(), Some(&b"\0"[..]));
        events += 1;
    }
    assert_eq!(events, 1 << 20);
    assert_eq!(instance.progress().unwrap().unwrap().hundredths, 10_000);
    assert_eq!(loaded.logged(), [""; 0]);
}

#[test]
fn a_pipe_is_read_as_a_file_is() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let content = crate::blocks::random_lines(5, 600_000);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
            // Pieces that end anywhere.
            for piece in content.chunks(7919) {
                writer.write_all(piece).unwrap();
            }
        });
        let mut instance = plugin.open(&text(&pipe)).unwrap();
        assert_eq!(instance.progress().unwrap().map(|progress| progress.hundredths), Some(0), "nobody knows its size");
        assert_same_lines(&drain(&mut instance), &expected_of(&content), "through a pipe");
    });
}

#[test]
fn a_line_is_handed_over_before_a_pipe_has_more() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (seen, wait) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let pipe = &pipe;
        scope.spawn(move || {
            let mut writer = fs::OpenOptions::new().write(true).open(pipe).unwrap();
            writer.write_all(b"first\nsecond\nthi").unwrap();
            // The pipe stays open until both whole lines were seen.
            let early = wait.recv_timeout(std::time::Duration::from_secs(10)).is_ok();
            writer.write_all(b"rd\n").unwrap();
            assert!(early, "the lines that were there came only with what followed them");
        });
        let mut instance = plugin.open(&text(pipe)).unwrap();
        let mut lines = Vec::new();
        loop {
            match instance.next_event().unwrap() {
                Next::Event(event) => lines.push(event.payload().unwrap().to_vec()),
                Next::Timeout => {}
                Next::Eof => break,
            }
            if lines.len() == 2 {
                // Nobody waits any longer where it came too late, which the other thread tells.
                let _ = seen.send(());
            }
        }
        assert_eq!(lines, [&b"first\0"[..], b"second\0", b"third\0"]);
    });
}
