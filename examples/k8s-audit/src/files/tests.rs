// SPDX-License-Identifier: Apache-2.0
//! Lines, files, folders.

use std::fs::FileTimes;
use std::io::Write;
use std::time::{Duration, SystemTime};

use super::*;

pub(super) const MAX: usize = 12 << 20;

fn all(files: &mut Files) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = files.next_line().unwrap() {
        lines.push(String::from_utf8(line.to_vec()).unwrap());
    }
    assert!(files.next_line().unwrap().is_none(), "the end stays");
    lines
}

fn lines_of(bytes: &[u8], max: usize) -> (Vec<String>, u64) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let mut files = Files::open(file.path(), max).unwrap();
    let lines = all(&mut files);
    assert_eq!(files.progress(), (bytes.len() as u64, bytes.len() as u64));
    (lines, files.skipped())
}

#[test]
fn every_kind_of_line_end() {
    for (bytes, expected) in [
        (&b""[..], &[][..]),
        (b"\n\r\n \t\n", &[]),
        (b"{}", &["{}"]),
        (b"{}\n", &["{}"]),
        (b"1\n2\r\n\n \r\n 3 \n4\r", &["1", "2", "3", "4"]),
        (b"a\rb\n\n\nc", &["a\rb", "c"]),
    ] {
        assert_eq!(lines_of(bytes, MAX), (expected.iter().map(|&line| line.to_owned()).collect(), 0), "{bytes:?}");
    }
}

#[test]
fn a_line_that_is_too_long_is_skipped_alone() {
    for max in [0, 1, 5, 65_535, 65_536, 65_537, 200_000] {
        for end in ["\n", "\r\n"] {
            let (fits, over) = ("x".repeat(max), "y".repeat(max + 1));
            let bytes = [&over, "1", &fits, &over, &fits, "", "2", &over].join(end);
            let (lines, skipped) = lines_of(bytes.as_bytes(), max);
            let small = if max > 0 { 1 } else { 0 };
            // With no byte allowed, "1" and "2" are too long as well, and the ones that fit are blank.
            assert_eq!(lines.len(), 4 * small, "{max}");
            assert_eq!(skipped, 3 + 2 * (1 - small as u64), "{max}");
            assert!(lines.iter().all(|line| line.len() <= max && !line.contains('y')), "{max}");
        }
    }
}

#[test]
fn lines_of_any_length_without_a_stop_at_64_kib() {
    let line = |len| "x".repeat(len);
    let lengths = [65_535, 65_536, 65_537, 1 << 20, 5, 12 << 20];
    let text: Vec<String> = lengths.map(line).into();
    let (lines, skipped) = lines_of(text.join("\n").as_bytes(), MAX);
    assert!(lines == text && skipped == 0);
    let (lines, skipped) = lines_of(text.join("\n").as_bytes(), (12 << 20) - 1);
    assert!(lines == text[..5] && skipped == 1);
}

#[test]
fn the_buffer_is_bounded_and_reused() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for _ in 0..4 {
        file.write_all("z".repeat(1 << 20).as_bytes()).unwrap();
        file.write_all(b"\n{}\n").unwrap();
    }
    let mut lines = Lines::new(File::open(file.path()).unwrap(), 1000);
    let mut longest = 0;
    loop {
        match lines.next().unwrap() {
            Piece::End => break,
            _ => longest = longest.max(lines.capacity()),
        }
    }
    assert!(longest <= 2 * 1002, "{longest}");
}

#[test]
fn a_folder_by_time_then_by_name_and_only_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    for (name, age) in [("b", 10), ("new", 1), ("a", 10), (".hidden.txt", 20), ("empty", 15)] {
        let path = folder.path().join(name);
        fs::write(&path, if name == "empty" { String::new() } else { format!("{name}1\n{name}2") }).unwrap();
        let time = now - Duration::from_secs(age);
        File::options().write(true).open(&path).unwrap().set_times(FileTimes::new().set_modified(time)).unwrap();
    }
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/x"), "no").unwrap();
    std::os::unix::fs::symlink(folder.path().join("sub"), folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.path().join("dangling")).unwrap();
    let mut files = Files::open(folder.path(), MAX).unwrap();
    let expected = [".hidden.txt1", ".hidden.txt2", "a1", "a2", "b1", "b2", "new1", "new2"];
    assert_eq!(all(&mut files), expected);

    let mut files = Files::open(folder.path(), MAX).unwrap();
    fs::remove_file(folder.path().join("b")).unwrap();
    assert_eq!(all(&mut files).len(), 6, "a file that is gone is left out");
    assert!(all(&mut Files::open(&folder.path().join("sub/../sub"), MAX).unwrap()) == ["no"]);
    assert!(all(&mut Files::open(tempfile::tempdir().unwrap().path(), MAX).unwrap()).is_empty());
}

#[test]
fn what_is_not_there_says_so() {
    let error = Files::open(Path::new("/nowhere/x.json"), MAX).unwrap_err().to_string();
    assert!(error.starts_with("cannot open /nowhere/x.json: No such file"), "{error}");
}
